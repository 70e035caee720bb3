using System.Text.Json;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>The JSON of one value → the bytes of the value itself: text as it is, a bytea's bytes, json as it stands. Null is nothing.</summary>
internal static class RawValue
{
    public static byte[] Of(ReadOnlySpan<byte> json, RowShape shape)
    {
        if (json.IsEmpty || json.SequenceEqual("null"u8))
        {
            return [];
        }
        if (json[0] != (byte)'"')
        {
            return json.ToArray();
        }
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (shape.Members is [ValueShape { Type.Kind: TypeKind.Bytea }])
        {
            return Convert.FromHexString(reader.GetString().AsSpan(2));
        }
        byte[] text = new byte[json.Length];
        return text[..reader.CopyString(text)];
    }
}
