using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Server.Auth.Hooks;

/// <summary>
/// The signature of Standard Webhooks: HMAC-SHA256 over id, time and body. Secrets are written v1,whsec_ and base64, as
/// Supabase writes them; several, separated by |, sign side by side while one takes over from the other.
/// </summary>
internal sealed class WebhookSignature
{
    private const string Prefix = "v1,whsec_";
    private readonly byte[][] keys;

    public WebhookSignature(string secrets, string setting)
    {
        keys = [.. secrets.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => Key(text, setting))];
        if (keys.Length == 0)
        {
            throw new InvalidOperationException($"{setting} is not set: calls are signed, the secret is {Prefix} followed by base64");
        }
    }

    public void Sign(HttpRequestMessage request, Guid id, DateTimeOffset now, byte[] body)
    {
        string name = "msg_" + id.ToString("N");
        string time = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", name);
        request.Headers.Add("webhook-timestamp", time);
        request.Headers.Add("webhook-signature", string.Join(' ', keys.Select(key => Of(key, name, time, body))));
    }

    private static string Of(byte[] key, string id, string time, byte[] body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(Encoding.ASCII.GetBytes($"{id}.{time}."));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }

    private static byte[] Key(string text, string setting)
    {
        byte[] key = new byte[128];
        bool good = text.StartsWith(Prefix, StringComparison.Ordinal) && Convert.TryFromBase64String(text[Prefix.Length..], key, out int length) && length >= 16;
        return good
            ? Convert.FromBase64String(text[Prefix.Length..])
            : throw new InvalidOperationException($"{setting} must be {Prefix} followed by at least 16 bytes in base64");
    }
}
