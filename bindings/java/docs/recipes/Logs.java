import io.capauth.*;
import java.util.Scanner;
import java.util.concurrent.atomic.AtomicInteger;

public class Logs {
    public static void main(String[] arguments) {
        AtomicInteger timed = new AtomicInteger();
        TraceListener trace = event -> { // for metrics
            if (event.ended()) {
                timed.incrementAndGet();
                System.out.println(event.operation() + ": " + event.result() + ", HTTP " + event.httpStatus() + ", "
                        + event.attempts() + " request(s)");
            }
        };
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080")
                     .log(new LoggerLog()) // java.util.logging
                     .trace(trace).build();
             Session customer = client.session("DocDemo").mobile("919999997003").deviceId("device-1").build()) {
            System.out.println(client.diagnose()); // what a support request needs: versions, TLS, CA store
            customer.generateToken();
            customer.generateOtp();
            System.out.print("OTP: ");
            customer.validateOtp(new Scanner(System.in).nextLine());
            System.out.println("operations timed: " + timed);
        }
    }
}
