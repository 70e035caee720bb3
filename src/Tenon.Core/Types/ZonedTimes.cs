using System.Text;

namespace Tenon.Core.Types;

/// <summary>The JSON of an array of instants, as it is stored in UTC → the same instants in a request's zone.</summary>
internal static class ZonedTimes
{
    public static string Of(string json, Zone zone)
    {
        var text = new StringBuilder(json.Length);
        Span<byte> bytes = stackalloc byte[JsonText.MaxDateTime];
        int at = 0;
        // Their texts hold no quotes and no escapes.
        for (int open; (open = json.IndexOf('"', at)) >= 0; )
        {
            int close = json.IndexOf('"', open + 1);
            text.Append(json, at, open - at);
            long instant = TypeInput.Parse(LogicalType.TimestampTz, json.AsSpan(open + 1, close - open - 1)).Value.Integer;
            text.Append(Encoding.ASCII.GetString(bytes[..JsonText.WriteTimestampTz(instant, zone, bytes)]));
            at = close + 1;
        }
        return text.Append(json, at, json.Length - at).ToString();
    }
}
