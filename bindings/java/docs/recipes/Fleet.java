import io.capauth.*;
import io.capauth.redis.*;
import java.util.Scanner;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.Protocol;

public class Fleet {
    static final String KEY = "customer-1"; // yours: the name of your own session, for instance

    static void signIn(Client client, SessionStore store) {
        try (Session customer = client.session("DocDemo").mobile("919999998103").deviceId("device-1").build()) {
            customer.generateToken();
            customer.generateOtp();
            System.out.print("OTP: ");
            customer.validateOtp(new Scanner(System.in).nextLine());
            store.save(KEY, customer);
        }
    }

    public static void main(String[] arguments) {
        try (JedisPooled jedis = new JedisPooled("127.0.0.1", 6379);
             Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build()) {
            RedisCommands redis = (key, command, parts) -> jedis.sendCommand(Protocol.Command.valueOf(command), parts);
            SessionStore store = SessionStore.builder(client, redis).build();
            if (!store.exists(KEY)) {
                signIn(client, store);
            }
            try (Customer customer = store.session(KEY)) { // in any worker
                Reply reply = customer.gateway("GET", "customer/get"); // an expired token is renewed by one of all
                System.out.println("the gateway said " + reply.httpStatus() + " to " + customer.role());
            }
        }
    }
}
