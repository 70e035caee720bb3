using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>
/// A request body: a JSON object whose members are read by name and type. A member of the wrong type is refused, one that
/// is null counts as absent, one that nobody reads is ignored (clients send members of features that are off).
/// </summary>
internal sealed class AuthBody
{
    public const int LargestBody = 64 * 1024;
    private const int MostItems = 100;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };
    private readonly JsonElement root;

    private AuthBody(JsonElement root) => this.root = root;

    /// <summary>Reads the whole body; an empty one is an empty object.</summary>
    public static async Task<AuthBody> ReadAsync(HttpContext context, int largest = LargestBody)
    {
        if (context.Request.ContentLength > largest)
        {
            throw AuthErrors.BodyTooLarge.ToException();
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(largest + 1);
        try
        {
            int length = await context.Request.Body.ReadAtLeastAsync(
                buffer.AsMemory(0, largest + 1),
                largest + 1,
                throwOnEndOfStream: false,
                context.RequestAborted
            );
            return length > largest ? throw AuthErrors.BodyTooLarge.ToException() : Parse(buffer.AsSpan(0, length));
        }
        finally
        {
            // Bodies hold passwords.
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    internal static AuthBody Parse(ReadOnlySpan<byte> utf8)
    {
        // The parser looks into no text that nobody reads.
        if (!Utf8.IsValid(utf8))
        {
            throw AuthErrors.BadJson.ToException();
        }
        try
        {
            JsonElement root = JsonElement.Parse(utf8.IsEmpty ? "{}"u8 : utf8, Strict);
            return root.ValueKind == JsonValueKind.Object ? new AuthBody(root) : throw AuthErrors.BadJson.ToException();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The search for repeated names cannot read one that holds half a surrogate pair.
            throw AuthErrors.BadJson.ToException();
        }
    }

    /// <summary>An object inside a body.</summary>
    public static AuthBody Of(JsonElement item) => item.ValueKind == JsonValueKind.Object ? new AuthBody(item) : throw AuthErrors.BadJson.ToException();

    public bool Has(string name) => Member(name, out _);

    public string? Text(string name)
    {
        if (!Member(name, out JsonElement value))
        {
            return null;
        }
        string text = value.ValueKind == JsonValueKind.String ? StringOf(value) : throw Wrong(name, "a string");
        return text.Contains('\0') ? throw Wrong(name, "text without NUL characters") : text;
    }

    public bool? Flag(string name) =>
        !Member(name, out JsonElement value) ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, "a boolean");

    public JsonElement? Object(string name) =>
        !Member(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Object ? value
        : throw Wrong(name, "an object");

    /// <summary>A member of any type.</summary>
    public JsonElement? Value(string name) => Member(name, out JsonElement value) ? value : null;

    /// <summary>A list of texts, at most a hundred.</summary>
    public ImmutableArray<string>? Texts(string name) =>
        !Member(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MostItems && value.EnumerateArray().All(IsText) ? [.. value.EnumerateArray().Select(StringOf)]
        : throw Wrong(name, "a list of strings");

    /// <summary>An object whose members are texts, at most a hundred.</summary>
    public ImmutableDictionary<string, string>? TextMap(string name) =>
        Object(name) is not { } value ? null
        : value.EnumerateObject().Take(MostItems + 1).Count() <= MostItems && value.EnumerateObject().All(member => IsText(member.Value))
            ? value.EnumerateObject().ToImmutableDictionary(member => member.Name, member => StringOf(member.Value))
        : throw Wrong(name, "an object of strings");

    // jsonb cannot hold NUL.
    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String && !StringOf(value).Contains('\0');

    public Guid? Uuid(string name) =>
        Text(name) is not { } text ? null
        : Guid.TryParseExact(text, "D", out Guid id) ? id
        : throw Wrong(name, "a UUID");

    private bool Member(string name, out JsonElement value) =>
        root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static string StringOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // An escape of half a surrogate pair: JSON by its grammar, but not text.
            throw AuthErrors.BadJson.ToException();
        }
    }

    private static AuthException Wrong(string name, string wanted) =>
        AuthErrors.ValidationFailed($"\"{name}\" must be {wanted}").ToException();
}
