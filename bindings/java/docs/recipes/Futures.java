import io.capauth.*;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;

public class Futures {
    static String ask() {
        System.out.print("OTP: ");
        return new Scanner(System.in).nextLine();
    }

    public static void main(String[] arguments) {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build();
             Session customer = client.session("DocDemo").mobile("919999994013").deviceId("device-1").build()) {
            AsyncSession async = customer.async(); // API level 24 and up; startValidateOtp and so on work everywhere
            CompletableFuture<Reply> later = async.generateToken()
                    .thenCompose(nothing -> async.generateOtp())
                    .thenApplyAsync(nothing -> ask()) // elsewhere: the client's own thread must not wait for a keyboard
                    .thenCompose(async::validateOtp)
                    .thenCompose(nothing -> async.gateway("GET", "customer/get"));
            System.out.println("the gateway said " + later.join().httpStatus() + " to " + customer.role());
        }
    }
}
