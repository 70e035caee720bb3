using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Auth;

/// <summary>
/// The keys a server starts with: two opaque API keys, the key that seals secrets in the store, and the legacy HS256 trio.
/// Development makes them once and keeps them in .tenon/keys.json (readable by the owner only); production takes them from
/// the environment and never makes any up.
/// </summary>
internal sealed record Keys
{
    public required string PublishableKey { get; init; }
    public required string SecretKey { get; init; }

    /// <summary>32 bytes; seals private signing keys and derives refresh tokens.</summary>
    public required byte[] EncryptionKey { get; init; }

    /// <summary>HS256 secret of the legacy keys; null: no HS256 token is accepted.</summary>
    public string? JwtSecret { get; init; }
    public string? AnonKey { get; init; }
    public string? ServiceRoleKey { get; init; }

    /// <summary>Shortest HS256 secret: the hash's own size (RFC 7518 §3.2).</summary>
    public const int ShortestJwtSecret = 32;

    /// <summary>A key sees no text of another purpose: HKDF with a label each.</summary>
    public byte[] Derive(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, EncryptionKey, 32, info: Encoding.UTF8.GetBytes("tenon " + purpose));

    /// <summary>Reads the development keys, or makes and keeps them on first start.</summary>
    public static Keys LoadOrCreateDevelopment(string path, TimeProvider clock)
    {
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            WriteOwnerOnly(path, Create(clock));
        }
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return FromJson(document.RootElement, path);
    }

    /// <summary>A fresh set of keys.</summary>
    public static Keys Create(TimeProvider clock)
    {
        string secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return new Keys
        {
            PublishableKey = OpaqueKey.Create(OpaqueKey.PublishablePrefix),
            SecretKey = OpaqueKey.Create(OpaqueKey.SecretPrefix),
            EncryptionKey = RandomNumberGenerator.GetBytes(32),
            JwtSecret = secret,
            AnonKey = LegacyKey.Create("anon", secret, clock),
            ServiceRoleKey = LegacyKey.Create("service_role", secret, clock),
        };
    }

    /// <summary>
    /// Production: TENON_ENCRYPTION_KEY, PUBLISHABLE_KEY, SECRET_KEY and optionally JWT_SECRET, ANON_KEY, SERVICE_ROLE_KEY,
    /// each also as NAME_FILE. Throws a message that names what is missing or wrong.
    /// </summary>
    public static Keys FromEnvironment(Func<string, string?> variable)
    {
        string Required(string name) =>
            Read(variable, name)
            ?? throw new InvalidOperationException($"{name} is not set (nor {name}_FILE); make keys with: tenon key generate");

        byte[] encryption = DecodeEncryptionKey(Required("TENON_ENCRYPTION_KEY"));
        string? secret = Read(variable, "JWT_SECRET");
        if (secret is not null && Encoding.UTF8.GetByteCount(secret) < ShortestJwtSecret)
        {
            throw new InvalidOperationException($"JWT_SECRET is shorter than {ShortestJwtSecret} bytes");
        }
        string? anon = Read(variable, "ANON_KEY");
        string? service = Read(variable, "SERVICE_ROLE_KEY");
        if (secret is null && (anon ?? service) is not null)
        {
            throw new InvalidOperationException("ANON_KEY and SERVICE_ROLE_KEY cannot be verified without JWT_SECRET");
        }
        return new Keys
        {
            EncryptionKey = encryption,
            PublishableKey = Opaque(Required("PUBLISHABLE_KEY"), "PUBLISHABLE_KEY", OpaqueKey.PublishablePrefix),
            SecretKey = Opaque(Required("SECRET_KEY"), "SECRET_KEY", OpaqueKey.SecretPrefix),
            JwtSecret = secret,
            AnonKey = anon,
            ServiceRoleKey = service,
        };
    }

    private static string? Read(Func<string, string?> variable, string name)
    {
        if (variable(name) is { Length: > 0 } value)
        {
            return value;
        }
        return variable(name + "_FILE") is { Length: > 0 } file ? File.ReadAllText(file).Trim() : null;
    }

    private static string Opaque(string value, string name, string prefix) =>
        value.StartsWith(prefix, StringComparison.Ordinal) && value.Length >= prefix.Length + 20
            ? value
            : throw new InvalidOperationException($"{name} must begin with {prefix} and hold at least 20 characters more");

    /// <summary>32 bytes in hexadecimal or base64 (either alphabet).</summary>
    internal static byte[] DecodeEncryptionKey(string text)
    {
        try
        {
            byte[] bytes =
                text.Length == 64 && text.All(char.IsAsciiHexDigit)
                    ? Convert.FromHexString(text)
                    : System.Buffers.Text.Base64Url.DecodeFromChars(text.Replace('+', '-').Replace('/', '_').TrimEnd('='));
            if (bytes.Length == 32)
            {
                return bytes;
            }
        }
        catch (FormatException)
        {
            // The one message below serves both ways of being wrong.
        }
        throw new InvalidOperationException("TENON_ENCRYPTION_KEY must be 32 bytes in hexadecimal or base64");
    }

    private static void WriteOwnerOnly(string path, Keys keys)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        // Written beside and moved, so that a crash leaves either no file or a whole one.
        string temporary = $"{path}.{Guid.NewGuid():N}";
        using (var stream = new FileStream(temporary, options))
        {
            keys.WriteTo(stream);
            stream.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(temporary, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process made them first: its keys stand.
            File.Delete(temporary);
        }
    }

    private void WriteTo(Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("publishableKey", PublishableKey);
        writer.WriteString("secretKey", SecretKey);
        writer.WriteString("encryptionKey", Convert.ToHexStringLower(EncryptionKey));
        writer.WriteString("jwtSecret", JwtSecret);
        writer.WriteString("anonKey", AnonKey);
        writer.WriteString("serviceKey", ServiceRoleKey);
        writer.WriteEndObject();
    }

    private static Keys FromJson(JsonElement root, string path)
    {
        string Member(string name) =>
            root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new InvalidOperationException($"{path} has no \"{name}\"; delete the file to get new keys");

        return new Keys
        {
            PublishableKey = Member("publishableKey"),
            SecretKey = Member("secretKey"),
            EncryptionKey = DecodeEncryptionKey(Member("encryptionKey")),
            JwtSecret = Member("jwtSecret"),
            AnonKey = Member("anonKey"),
            ServiceRoleKey = Member("serviceKey"),
        };
    }
}
