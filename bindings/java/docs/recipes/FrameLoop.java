import io.capauth.*;
import java.util.Scanner;

public class FrameLoop {
    public static void main(String[] arguments) throws InterruptedException {
        Scanner keyboard = new Scanner(System.in);
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").background(false).build(); // no thread
             Session customer = client.session("DocDemo").mobile("919999994003").deviceId("device-1").build()) {
            client.startPrepare(); // connects while the game loads
            Call<Void> call = customer.startGenerateToken();
            int frames = 0;
            while (!customer.signedIn()) {
                client.poll(0); // does what can be done now, and returns; listeners run inside
                if (call.done()) {
                    call.result(); // throws what went wrong
                    if (customer.nextStep() == Step.OTP_GENERATE) {
                        call = customer.startGenerateOtp();
                    } else if (customer.nextStep() == Step.OTP_VALIDATE) {
                        System.out.print("OTP: "); // a game draws a field for it
                        call = customer.startValidateOtp(keyboard.nextLine());
                    }
                }
                frames++;
                Thread.sleep(16); // a game draws its frame here
            }
            System.out.println("signed in as " + customer.role() + " after at least one frame: " + (frames > 0));
        }
    }
}
