using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Auth.Audit;

/// <summary>The personal fields of an entry: what an erasure takes away.</summary>
internal sealed record AuditPerson(string? Actor, string? ActorName, string Payload, string Ip);

/// <summary>
/// The hashes of the audit chain: HMAC-SHA256 over fields with their lengths before them, so that no two entries have the
/// same bytes. Those under the server's key cannot be made by somebody who has only the database.
/// </summary>
internal sealed class AuditHash(Keys keys)
{
    public static readonly string Genesis = new('0', 64);

    private readonly byte[] key = keys.Derive("audit chain");

    /// <summary>Of an entry, over the entry before it. Times are microseconds, as the store keeps them.</summary>
    public string OfEntry(string before, long seq, Guid id, string action, DateTimeOffset at, string commitment) =>
        Keyed(key, "entry", before, Text(seq), id.ToString("D"), action, Text(at.Ticks / TimeSpan.TicksPerMicrosecond), commitment);

    public string OfHead(long seq, string hash, bool adopting) => Keyed(key, "head", Text(seq), hash, adopting ? "adopting" : "whole");

    /// <summary>Of an entry whose personal fields were erased: only this server erases.</summary>
    public string OfErased(long seq, string hash, AuditPerson left) =>
        Keyed(key, "erased", Text(seq), hash, left.Actor, left.ActorName, Canonical(left.Payload), left.Ip);

    /// <summary>Stands for the personal fields in the chain. Without the salt it tells nothing about them.</summary>
    public static string Commitment(string salt, AuditPerson person) =>
        Keyed(Encoding.ASCII.GetBytes(salt), "person", person.Actor, person.ActorName, Canonical(person.Payload), person.Ip);

    public static string NewSalt() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public static bool Same(string? one, string other) =>
        one is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Keyed(byte[] key, params ReadOnlySpan<string?> fields)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Span<byte> length = stackalloc byte[4];
        foreach (string? field in fields)
        {
            byte[] bytes = field is null ? [] : Encoding.UTF8.GetBytes(field);
            BinaryPrimitives.WriteInt32BigEndian(length, field is null ? -1 : bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The same text for the same jsonb, whichever engine prints it: members by name, no spaces.</summary>
    internal static string Canonical(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, document.RootElement);
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(writer, item);
                }
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
