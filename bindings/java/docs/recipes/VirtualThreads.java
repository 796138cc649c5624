import io.capauth.*;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.*;

/** From Java 21 on. */
public class VirtualThreads {
    public static void main(String[] arguments) throws InterruptedException, ExecutionException {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build();
             Session customer = client.session("DocDemo").mobile("919999994023").deviceId("device-1").build();
             ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            customer.generateToken();
            customer.generateOtp();
            System.out.print("OTP: ");
            customer.validateOtp(new Scanner(System.in).nextLine());
            List<Future<Reply>> replies = new ArrayList<>();
            for (int i = 0; i < 100; i++) { // each blocks, and only parks its virtual thread
                replies.add(threads.submit(() -> customer.gateway("GET", "customer/get")));
            }
            int answered = 0;
            for (Future<Reply> reply : replies) {
                answered += reply.get().ok() ? 1 : 0;
            }
            System.out.println(answered + " replies for " + customer.role());
        }
    }
}
