using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Tenon.Core.Types;

namespace Tenon.Server.Auth;

/// <summary>What a key of a user's own may do to a table (the first four) or a function.</summary>
[Flags]
internal enum KeyCommands
{
    None = 0,
    Select = 1,
    Insert = 2,
    Update = 4,
    Delete = 8,
    Execute = 16,
}

/// <summary>
/// The scopes of a user's key: <c>"*"</c>, or an object of tables (and <c>rpc/NAME</c> for functions) with their commands.
/// They only take away: grants and row policies of the user hold beside them. What is not named is refused.
/// </summary>
internal sealed class KeyScopes
{
    private const int MostNames = 100;
    private const int LongestName = 130;
    private const string Functions = "rpc/";
    private const string DefaultSchema = "public.";

    private static readonly (string Word, KeyCommands Command)[] Words =
    [
        ("select", KeyCommands.Select),
        ("insert", KeyCommands.Insert),
        ("update", KeyCommands.Update),
        ("delete", KeyCommands.Delete),
        ("execute", KeyCommands.Execute),
    ];

    private readonly FrozenDictionary<string, KeyCommands>? names;

    private KeyScopes(SortedDictionary<string, KeyCommands>? names)
    {
        this.names = names?.ToFrozenDictionary(StringComparer.Ordinal);
        Json = names is null ? "\"*\"" : Write(names);
    }

    /// <summary>Canonical: equal scopes have equal texts.</summary>
    public string Json { get; }

    /// <summary>Whatever the user may do.</summary>
    public bool IsEverything => names is null;

    public bool Allows(KeyCommands command, QualifiedName name)
    {
        if (names is null)
        {
            return true;
        }
        string every = command == KeyCommands.Execute ? Functions + "*" : "*";
        return (names.GetValueOrDefault(NameOf(command, name)) & command) != 0 || (names.GetValueOrDefault(every) & command) != 0;
    }

    /// <summary>A table or function as scopes write it: tables of public by their bare name.</summary>
    public static string NameOf(KeyCommands command, QualifiedName name) =>
        (command == KeyCommands.Execute ? Functions : "") + (name.Schema == "public" ? name.Name : $"{name.Schema}.{name.Name}");

    public static string WordOf(KeyCommands command) => Words.First(w => w.Command == command).Word;

    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out KeyScopes? scopes, out string? reason)
    {
        try
        {
            return TryReadText(json, out scopes, out reason);
        }
        catch (InvalidOperationException)
        {
            // An escape of half a surrogate pair: JSON by its grammar, but not text.
            (scopes, reason) = (null, "holds half a surrogate pair");
            return false;
        }
    }

    private static bool TryReadText(JsonElement json, [NotNullWhen(true)] out KeyScopes? scopes, out string? reason)
    {
        (scopes, reason) = (null, null);
        if (json.ValueKind == JsonValueKind.String && json.ValueEquals("*"))
        {
            scopes = new KeyScopes(null);
            return true;
        }
        var names = new SortedDictionary<string, KeyCommands>(StringComparer.Ordinal);
        if (json.ValueKind != JsonValueKind.Object)
        {
            reason = """must be "*" or an object such as {"orders":["select"]}""";
            return false;
        }
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (member.Name.Length is 0 or > LongestName || member.Name.Any(char.IsControl))
            {
                reason = $"names of tables have 1 to {LongestName} characters";
                return false;
            }
            (string name, bool function) = Normalise(member.Name);
            if (!TryReadCommands(member.Value, name, function, out KeyCommands commands, out reason))
            {
                return false;
            }
            names[name] = names.GetValueOrDefault(name) | commands;
        }
        reason = names.Count is 0 or > MostNames ? $"must name 1 to {MostNames} tables or functions" : null;
        scopes = reason is null ? new KeyScopes(names) : null;
        return scopes is not null;
    }

    private static (string Name, bool Function) Normalise(string text)
    {
        bool function = text.StartsWith(Functions, StringComparison.Ordinal);
        string bare = function ? text[Functions.Length..] : text;
        bare = bare.StartsWith(DefaultSchema, StringComparison.Ordinal) ? bare[DefaultSchema.Length..] : bare;
        return (function ? Functions + bare : bare, function);
    }

    private static bool TryReadCommands(JsonElement json, string name, bool function, out KeyCommands commands, out string? reason)
    {
        (commands, reason) = (KeyCommands.None, null);
        foreach (JsonElement item in json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : default)
        {
            string? word = item.ValueKind == JsonValueKind.String ? item.GetString() : null;
            KeyCommands command = Words.FirstOrDefault(w => w.Word == word).Command;
            commands |= (command == KeyCommands.Execute) == function ? command : KeyCommands.None;
            if (command == KeyCommands.None || (command == KeyCommands.Execute) != function)
            {
                reason = Wanted(name, function);
                return false;
            }
        }
        reason = commands == KeyCommands.None ? Wanted(name, function) : null;
        return reason is null;
    }

    private static string Wanted(string name, bool function) =>
        function ? $"of {name} must be [\"execute\"]" : $"of {name} must be a list of select, insert, update and delete";

    private static string Write(SortedDictionary<string, KeyCommands> names)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach ((string name, KeyCommands commands) in names)
            {
                writer.WriteStartArray(name);
                foreach ((string word, KeyCommands command) in Words)
                {
                    if ((commands & command) != 0)
                    {
                        writer.WriteStringValue(word);
                    }
                }
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
