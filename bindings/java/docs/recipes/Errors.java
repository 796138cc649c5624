import io.capauth.*;

public class Errors {
    /** What the customer reads. Key translations on name(); show getMessage() to support alone. */
    static String told(CapauthException error) {
        try {
            throw error;
        } catch (InvalidOtpException e) {
            return "That was not the code. Please try again.";
        } catch (TooManyAttemptsException | SignInExpiredException e) {
            return "Please start again.";
        } catch (SignInRequiredException e) {
            return "Please sign in again.";
        } catch (RateLimitedException e) {
            return "Too many codes. Please wait a little.";
        } catch (UnknownOutcomeException e) {
            return "The connection broke. A code may be on its way.";
        } catch (NetworkException | DeadlineException e) {
            return "No connection. Please try again later.";
        } catch (CapauthException e) {
            return e.retryable() ? "Please try again later." : "That did not work (" + e.name() + ").";
        }
    }

    static void attempt(Runnable what) {
        try {
            what.run();
        } catch (UsageException e) {
            throw e; // a mistake of the program: let it be seen
        } catch (CapauthException e) {
            System.out.println(e.name() + ": " + told(e));
        }
    }

    public static void main(String[] arguments) {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").maxRetries(0).build()) {
            Session customer = client.session("DocDemo").mobile("919999995003").deviceId("device-1").build();
            customer.generateToken();
            customer.generateOtp();
            attempt(() -> customer.validateOtp("000000"));
            attempt(() -> customer.gateway("GET", "customer/get"));
            Session stranger = client.session("NoSuchBrand").mobile("919999995003").deviceId("d").build();
            attempt(() -> stranger.generateToken());
        }
        try (Client nowhere = Client.builder().baseUrl("http://127.0.0.1:1").maxRetries(0).build()) { // nobody listens
            Session customer = nowhere.session("DocDemo").mobile("919999995003").deviceId("d").build();
            attempt(() -> customer.generateToken());
        }
    }
}
