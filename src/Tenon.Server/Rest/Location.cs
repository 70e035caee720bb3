using System.Text;
using System.Text.Json;

namespace Tenon.Server.Rest;

/// <summary>Location of an inserted row: the table filtered by its key, made from the key's members in the representation.</summary>
internal static class Location
{
    public static string Of(string table, ReadOnlySpan<byte> row)
    {
        var location = new StringBuilder("/").Append(Uri.EscapeDataString(table));
        var reader = new Utf8JsonReader(row);
        reader.Read();
        char separator = '?';
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            location.Append(separator).Append(Uri.EscapeDataString(reader.GetString()!)).Append("=eq.");
            reader.Read();
            string value = reader.TokenType == JsonTokenType.String ? reader.GetString()! : JsonElement.ParseValue(ref reader).GetRawText();
            location.Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        return location.ToString();
    }
}
