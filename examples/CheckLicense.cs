// Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
// Needs the standard library alone, of .NET 6 or later.
//
//   dotnet new console --name CheckLicense && cp CheckLicense.cs CheckLicense/Program.cs
//   dotnet run --project CheckLicense -- URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]
//
// Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

/// <summary>Nothing that can be trusted was answered: neither a yes nor a no.</summary>
public sealed class NotTrustworthyException : Exception
{
    public NotTrustworthyException(string reason) : base(reason) { }
}

public static class CheckLicense
{
    /// <summary>Seconds between the server's clock and this one.</summary>
    private const long Tolerance = 300;

    /// <summary>Gives the code and the message that the server signed: 200 is valid, everything else is a refusal.</summary>
    /// <param name="publicKeys">PEM texts. The first is the key that signs for your product, and no other makes a license valid. A second
    /// one, the server's global key, is believed when it refuses: it signs what concerns no product, such as an unknown license
    /// key.</param>
    public static async Task<(string Code, string Message)> CheckAsync(
        string url, string apiKey, string licenseKey, string identifier, IReadOnlyList<string> publicKeys)
    {
        var body = await PostAsync(url.TrimEnd('/') + "/api/v1/verify", new Dictionary<string, string>
        {
            ["api_key"] = apiKey, ["license_key"] = licenseKey, ["identifier"] = identifier,
        });
        using (var reply = Parse(body))
        {
            var signed = Text(reply, "response_base64");
            var signature = Text(reply, "signature");

            // The signed bytes are the text of response_base64. They are decoded after they are verified, and "response" is never read.
            var signer = publicKeys.ToList().FindIndex(pem => Verifies(pem, signed, signature));
            if (signer < 0)
            {
                throw new NotTrustworthyException("signed by no key that is trusted here");
            }
            using (var response = Parse(Encoding.UTF8.GetString(Convert.FromBase64String(signed))))
            {
                // A number, but for deactivate's text "400".
                var code = Member(response, "code").ToString();
                var message = Text(response, "message");
                if (!Member(response, "timestamp").TryGetInt64(out var timestamp))
                {
                    throw new NotTrustworthyException("the signed text is no answer");
                }

                // An old answer is signed as well as a new one.
                var age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - timestamp;
                if (age > Tolerance || age < -Tolerance)
                {
                    throw new NotTrustworthyException($"the answer is {age} seconds old");
                }
                // The global key signs "valid" for products without a key of their own: no answer for this one.
                if (code == "200" && signer != 0)
                {
                    throw new NotTrustworthyException("valid, but for another product");
                }
                return (code, message);
            }
        }
    }

    private static async Task<string> PostAsync(string url, Dictionary<string, string> fields)
    {
        using (var handler = new HttpClientHandler { AllowAutoRedirect = false })
        using (var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1_000_000 })
        {
            try
            {
                var answer = await client.PostAsync(url, new FormUrlEncodedContent(fields));
                var status = (int)answer.StatusCode;
                // 401 and 403 carry signed refusals where the server runs with --http-status documented.
                if (status != 200 && status != 401 && status != 403)
                {
                    throw new NotTrustworthyException($"HTTP {status}");
                }
                return await answer.Content.ReadAsStringAsync();
            }
            catch (Exception error) when (error is HttpRequestException || error is TaskCanceledException)
            {
                throw new NotTrustworthyException($"no answer from {url}: {error.Message}");
            }
        }
    }

    private static bool Verifies(string pem, string signed, string signature)
    {
        using (var key = RSA.Create())
        {
            key.ImportFromPem(pem);
            try
            {
                return key.VerifyData(Encoding.ASCII.GetBytes(signed), Convert.FromBase64String(signature),
                    HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }
            catch (FormatException)
            {
                return false; // no base64
            }
        }
    }

    private static JsonDocument Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            throw new NotTrustworthyException("the answer is no JSON");
        }
    }

    private static JsonElement Member(JsonDocument document, string name)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(name, out var value))
        {
            throw new NotTrustworthyException($"the answer has no {name}");
        }
        return value;
    }

    private static string Text(JsonDocument document, string name)
    {
        var value = Member(document, name);
        return value.ValueKind == JsonValueKind.String
            ? value.GetString() : throw new NotTrustworthyException($"{name} is no text");
    }

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length < 5 || arguments.Length > 6)
        {
            Console.Error.WriteLine("usage: CheckLicense URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]");
            return 2;
        }
        try
        {
            // In your product the keys are constants of the program: whoever can change them can sell your licenses.
            var keys = arguments.Skip(4).Select(File.ReadAllText).ToList();
            var (code, message) = await CheckAsync(arguments[0], arguments[1], arguments[2], arguments[3], keys);
            Console.WriteLine(code == "200" ? "valid" : $"refused: {code} {message}");
            return code == "200" ? 0 : 1;
        }
        catch (Exception reason)
        {
            Console.Error.WriteLine($"not trustworthy: {reason.Message}");
            return 2;
        }
    }
}
