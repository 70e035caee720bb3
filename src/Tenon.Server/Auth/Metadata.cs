using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Auth;

/// <summary>The two JSON objects of a user. Both travel in every access token, so their size is bounded.</summary>
internal static class Metadata
{
    private const int LargestBytes = 8 * 1024;

    /// <summary>What a user who came by e-mail starts with.</summary>
    public const string OfEmail = """{"provider":"email","providers":["email"]}""";

    /// <summary>What a user who came by telephone starts with.</summary>
    public const string OfPhone = """{"provider":"phone","providers":["phone"]}""";

    /// <summary>What an anonymous user becomes whose first way back is a passkey.</summary>
    public static readonly JsonElement OfPasskeyObject = JsonElement.Parse("""{"provider":"passkey","providers":["passkey"]}""");

    public static readonly JsonElement OfPhoneObject = JsonElement.Parse(OfPhone);

    public static readonly JsonElement OfEmailObject = JsonElement.Parse(OfEmail);

    /// <summary>Members of the patch replace those of the base; null removes (GoTrue's rule, top level only).</summary>
    public static string Merge(string json, JsonElement? patch, string name)
    {
        if (patch is not { } changes)
        {
            return json;
        }
        try
        {
            return Check(Merged(json, changes), name);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair as an escape, somewhere within: JSON by its grammar, but not text.
            throw AuthErrors.BadJson.ToException();
        }
    }

    private static ReadOnlySpan<byte> Merged(string json, JsonElement changes)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (!changes.TryGetProperty(member.Name, out _))
                {
                    member.WriteTo(writer);
                }
            }
            foreach (JsonProperty member in changes.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.Null)
                {
                    member.WriteTo(writer);
                }
            }
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan;
    }

    /// <summary>app_metadata with the providers a user is known by; the first one stays first while it is among them.</summary>
    public static string WithProviders(string json, IReadOnlyList<string> providers)
    {
        using JsonDocument old = JsonDocument.Parse(json);
        string? first = old.RootElement.TryGetProperty("provider", out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        string? kept = providers.Contains(first) ? first : providers.Count > 0 ? providers[0] : null;
        return Merge(json, JsonSerializer.SerializeToElement(new { provider = kept, providers }), "app_metadata");
    }

    private static string Check(ReadOnlySpan<byte> utf8, string name)
    {
        if (utf8.Length > LargestBytes)
        {
            throw AuthErrors.ValidationFailed($"\"{name}\" may hold at most {LargestBytes} bytes").ToException();
        }
        // jsonb cannot hold NUL (PostgreSQL, 8.14), on either engine: said here, before a write fails of it.
        return HasNul(utf8) ? throw AuthErrors.ValidationFailed($"\"{name}\" may not hold NUL characters").ToException() : Encoding.UTF8.GetString(utf8);
    }

    // The writer has written it as an escape. A backslash that is itself escaped, with u0000 after it, is six letters of text.
    private static bool HasNul(ReadOnlySpan<byte> utf8)
    {
        for (int at = utf8.IndexOf((byte)'\\'); at >= 0; )
        {
            if (utf8[(at + 1)..].StartsWith("u0000"u8))
            {
                return true;
            }
            int next = utf8[(at + 2)..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : at + 2 + next;
        }
        return false;
    }
}
