import io.capauth.*;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Scanner;

public class BehindProxy {
    public static void main(String[] arguments) throws IOException {
        Client.Builder builder = Client.builder()
                .baseUrl("https://auth.brand.example")
                .proxy("http://user:password@127.0.0.1:3128") // learns the host's name, and nothing else
                .caFile("ca.pem") // the only authority that is trusted then
                .pinnedKeys(Files.readAllLines(Paths.get("pin")).get(0)); // two, in a real app: "sha256//...;sha256//..."
        try (Client client = builder.build();
             Session customer = client.session("DocDemo").mobile("919999993013").deviceId("device-1").build()) {
            customer.generateToken();
            customer.generateOtp();
            System.out.print("OTP: ");
            customer.validateOtp(new Scanner(System.in).nextLine());
            System.out.println("signed in as " + customer.role() + " through the proxy");
        }
    }
}
