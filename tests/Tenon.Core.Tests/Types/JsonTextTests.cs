using System.Buffers;
using System.Text;
using CsCheck;
using Xunit;
using Tenon.Core.Types;

namespace Tenon.Core.Tests.Types;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData(0, 2, "0.00")]
    [InlineData(5, 2, "0.05")]
    [InlineData(-5, 2, "-0.05")]
    [InlineData(12345, 2, "123.45")]
    [InlineData(-12345, 0, "-12345")]
    [InlineData(1, 18, "0.000000000000000001")]
    [InlineData(long.MinValue, 18, "-9.223372036854775808")]
    [InlineData(100, 1, "10.0")]
    public void A_scaled_integer_shows_all_its_digits(long unscaled, int scale, string expected)
    {
        Span<byte> bytes = stackalloc byte[JsonText.MaxScaled];
        Assert.Equal(expected, Encoding.ASCII.GetString(bytes[..JsonText.WriteScaled(unscaled, scale, bytes)]));
    }

    [Fact]
    public void A_string_read_back_is_the_same_string() =>
        Gen.String.Sample(text =>
        {
            if (text.Any(char.IsSurrogate))
            {
                return;
            }
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            var buffer = new ArrayBufferWriter<byte>();
            JsonText.WriteString(utf8, buffer);
            byte[] span = new byte[JsonText.MaxString(utf8.Length)];
            int length = JsonText.WriteString(utf8, span);
            Assert.Equal(buffer.WrittenSpan, span.AsSpan(0, length));
            Assert.Equal(text, System.Text.Json.JsonSerializer.Deserialize<string>(buffer.WrittenSpan));
        });

    [Fact]
    public void Only_quote_backslash_and_control_characters_are_escaped()
    {
        var buffer = new ArrayBufferWriter<byte>();
        JsonText.WriteString("a\"\\\b\f\n\r\t\u0001\u001f/<ä€😀\u007f".AsSpan(), buffer);
        Assert.Equal("\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/<ä€😀\u007f\"", Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Fact]
    public void Dates_go_there_and_back_over_the_whole_range() =>
        Gen.Long[Calendar.MinDate, Calendar.EndDate - 1].Sample(days =>
        {
            CivilDate date = Calendar.FromDays(days);
            return Calendar.ToDays(date.Year, date.Month, date.Day) == days;
        });

    [Fact]
    public void A_timestamp_s_text_read_back_is_the_same_instant() =>
        Gen.Long[Calendar.MinTimestamp, Calendar.EndTimestamp - 1].Sample(micros =>
        {
            string text = TypeOutput.ToText(LogicalType.TimestampTz, Datum.Of(micros));
            return TypeInput.Parse(LogicalType.TimestampTz, text).Value.Integer == micros;
        });

    [Fact]
    public void A_float_s_text_read_back_is_the_same_number() =>
        Gen.Double.Sample(value =>
        {
            string text = FloatText.ToText(value, single: false);
            return FloatText.Parse(text, single: false).Value.Equals(value);
        });
}
