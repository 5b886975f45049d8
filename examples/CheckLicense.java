// Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
// Needs the standard library alone, of Java 11 or later.
//
//   java CheckLicense.java URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]
//
// Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

public final class CheckLicense {
    /** Between the server's clock and this one. */
    private static final Duration TOLERANCE = Duration.ofSeconds(300);

    /** Nothing that can be trusted was answered: neither a yes nor a no. */
    public static final class NotTrustworthy extends Exception {
        NotTrustworthy(String reason) {
            super(reason);
        }
    }

    /** What the server signed. Code 200 is valid, everything else is a refusal. */
    public static final class Verdict {
        public final String code;
        public final String message;

        Verdict(String code, String message) {
            this.code = code;
            this.message = message;
        }
    }

    /**
     * The whole of a signed answer to verify, as the server writes it: code first, timestamp last, no spaces. Java brings no JSON parser,
     * and here none is needed: this is looked at after the signature holds, so it is the server's own writing to the byte, and what does
     * not match as a whole is refused.
     */
    private static final Pattern ANSWER = Pattern.compile(
            "\\{\"code\":\"?(\\d+)\"?,\"message\":\"((?:[^\"\\\\]|\\\\.)*+)\",(?:.*,)?\"timestamp\":(\\d{1,18})\\}", Pattern.DOTALL);

    /**
     * Gives the code and the message that the server signed.
     *
     * @param publicKeys PEM texts. The first is the key that signs for your product, and no other makes a license valid. A second one,
     *     the server's global key, is believed when it refuses: it signs what concerns no product, such as an unknown license key.
     */
    public static Verdict check(
            String url, String apiKey, String licenseKey, String identifier, List<String> publicKeys)
            throws NotTrustworthy, GeneralSecurityException, InterruptedException {
        String body = post(url.replaceAll("/+$", "") + "/api/v1/verify",
                Map.of("api_key", apiKey, "license_key", licenseKey, "identifier", identifier));
        String signed = base64Member(body, "response_base64");
        byte[] signature = decode(base64Member(body, "signature"));

        // The signed bytes are the text of response_base64. They are decoded after they are verified, and "response" is never read.
        int signer = 0;
        while (signer < publicKeys.size() && !verifies(publicKeys.get(signer), signed, signature)) {
            signer++;
        }
        if (signer == publicKeys.size()) {
            throw new NotTrustworthy("signed by no key that is trusted here");
        }
        Matcher answer = ANSWER.matcher(new String(decode(signed), StandardCharsets.UTF_8));
        if (!answer.matches()) {
            throw new NotTrustworthy("the signed text is no answer");
        }
        // Messages are plain text, in which only the slash is written with an escape.
        Verdict verdict = new Verdict(answer.group(1), answer.group(2).replace("\\/", "/"));

        // An old answer is signed as well as a new one.
        Duration age = Duration.between(Instant.ofEpochSecond(Long.parseLong(answer.group(3))), Instant.now());
        if (age.abs().compareTo(TOLERANCE) > 0) {
            throw new NotTrustworthy("the answer is " + age.toSeconds() + " seconds old");
        }
        // The global key signs "valid" for products without a key of their own: no answer for this one.
        if (verdict.code.equals("200") && signer != 0) {
            throw new NotTrustworthy("valid, but for another product");
        }
        return verdict;
    }

    private static String post(String url, Map<String, String> fields) throws NotTrustworthy, InterruptedException {
        String form = fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        // This client follows no redirect unless it is told to.
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        try {
            HttpResponse<InputStream> answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = answer.body()) {
                // 401 and 403 carry signed refusals where the server runs with --http-status documented.
                if (!List.of(200, 401, 403).contains(answer.statusCode())) {
                    throw new NotTrustworthy("HTTP " + answer.statusCode());
                }
                return new String(body.readNBytes(1_000_000), StandardCharsets.UTF_8);
            }
        } catch (IOException error) {
            throw new NotTrustworthy("no answer from " + url + ": " + error);
        }
    }

    /**
     * A member of the envelope that holds base64, in which JSON writes nothing with an escape but the slash. Where it is found proves
     * nothing, and need not: what is taken from here is believed only if the signature holds.
     */
    private static String base64Member(String json, String name) throws NotTrustworthy {
        Matcher member = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([A-Za-z0-9+/=\\\\]*+)\"").matcher(json);
        if (!member.find()) {
            throw new NotTrustworthy("the answer is no signed envelope");
        }
        return member.group(1).replace("\\/", "/");
    }

    private static byte[] decode(String base64) throws NotTrustworthy {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException error) {
            throw new NotTrustworthy("the answer holds no base64");
        }
    }

    private static boolean verifies(String pem, String signed, byte[] signature) throws GeneralSecurityException {
        byte[] der = Base64.getDecoder().decode(pem.replaceAll("-----[^-]+-----|\\s", ""));
        PublicKey key = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
        Signature verifier = Signature.getInstance("SHA256withRSA");
        verifier.initVerify(key);
        verifier.update(signed.getBytes(StandardCharsets.US_ASCII));
        try {
            return verifier.verify(signature);
        } catch (SignatureException wrongLength) {
            return false;
        }
    }

    public static void main(String[] arguments) {
        if (arguments.length < 5 || arguments.length > 6) {
            System.err.println(
                    "usage: java CheckLicense.java URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]");
            System.exit(2);
        }
        try {
            // In your product the keys are constants of the program: whoever can change them can sell your licenses.
            List<String> keys = new ArrayList<>();
            for (int i = 4; i < arguments.length; i++) {
                keys.add(Files.readString(Path.of(arguments[i])));
            }
            Verdict verdict = check(arguments[0], arguments[1], arguments[2], arguments[3], keys);
            boolean valid = verdict.code.equals("200");
            System.out.println(valid ? "valid" : "refused: " + verdict.code + " " + verdict.message);
            System.exit(valid ? 0 : 1);
        } catch (Exception reason) { // Java's own code for what is not caught is 1, which means refused here
            System.err.println("not trustworthy: " + reason.getMessage());
            System.exit(2);
        }
    }
}
