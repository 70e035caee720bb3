using System.Text;
using System.Text.Json;

namespace Tenon.Cli.Import;

/// <summary>
/// The objects of a large JSON file one by one: of the array at the top, or of that in a member of the object at the top.
/// Only one object is in memory at a time.
/// </summary>
internal static class JsonItems
{
    private const int LargestItem = 1024 * 1024;

    /// <summary>Each object with the line it begins in; one that is not JSON is a failure that names its line.</summary>
    public static IEnumerable<(long Line, JsonElement Item)> Read(string path, string member)
    {
        using var reader = new StreamReader(path);
        var scan = new Scan(reader);
        if (!scan.FindArray(member))
        {
            throw new CommandFileFailure($"{path} holds no list of users: expected an array, or an object with \"{member}\"");
        }
        while (scan.Next(LargestItem) is { } item)
        {
            yield return (item.Line, Parse(path, item.Line, item.Text));
        }
        if (!scan.Ended)
        {
            throw new CommandFileFailure($"{path} ends in the middle of its list, in line {scan.Line}");
        }
    }

    private static JsonElement Parse(string path, long line, string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            throw new CommandFileFailure($"{path} line {line}: not JSON");
        }
    }

    private sealed class Scan(StreamReader reader)
    {
        public long Line { get; private set; } = 1;

        public bool Ended { get; private set; }

        /// <summary>Goes to the first item of the array.</summary>
        public bool FindArray(string member)
        {
            int depth = 0;
            bool named = false;
            while (Read() is var c && c >= 0)
            {
                if (c == '"')
                {
                    string text = String(LargestItem);
                    named = depth == 1 && text == member;
                }
                else if (c == '[' && (depth == 0 || (depth == 1 && named)))
                {
                    return true;
                }
                else if (c is '{' or '[')
                {
                    depth++;
                }
                else if (c is '}' or ']')
                {
                    depth--;
                }
                else if (c is not ':' && !char.IsWhiteSpace((char)c))
                {
                    named = false;
                }
            }
            return false;
        }

        public (long Line, string Text)? Next(int largest)
        {
            int c = Read();
            while (c == ',' || (c >= 0 && char.IsWhiteSpace((char)c)))
            {
                c = Read();
            }
            Ended = c == ']';
            if (c < 0 || Ended)
            {
                return null;
            }
            long line = Line;
            var text = new StringBuilder();
            int depth = 0;
            while (c >= 0)
            {
                text.Append((char)c);
                if (c == '"')
                {
                    text.Append(JsonEncoded(largest));
                }
                depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
                if (depth == 0)
                {
                    return (line, text.ToString());
                }
                if (text.Length > largest)
                {
                    throw new CommandFileFailure($"the object in line {line} is larger than {largest} characters");
                }
                c = Read();
            }
            return null;
        }

        // The rest of a string as it stands, its closing quote included.
        private string JsonEncoded(int largest)
        {
            var text = new StringBuilder();
            for (int c = Read(); c >= 0; c = Read())
            {
                text.Append((char)c);
                if (c == '\\')
                {
                    text.Append((char)Math.Max(0, Read()));
                }
                else if (c == '"' || text.Length > largest)
                {
                    break;
                }
            }
            return text.ToString();
        }

        private string String(int largest) => JsonEncoded(largest).TrimEnd('"');

        private int Read()
        {
            int c = reader.Read();
            Line += c == '\n' ? 1 : 0;
            return c;
        }
    }
}

/// <summary>A file that cannot be read on.</summary>
internal sealed class CommandFileFailure(string message) : IOException(message);
