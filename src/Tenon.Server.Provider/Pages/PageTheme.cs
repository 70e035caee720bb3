using System.Globalization;
using Tenon.Server.Auth;

namespace Tenon.Server.Provider.Pages;

/// <summary>
/// The colours of the pages, made from the two of the configuration so that every text can be read (WCAG 2.2, 1.4.3 and
/// 1.4.11): what stands on the accent is white or black, and an accent too pale for the white card gives way there.
/// </summary>
internal sealed record PageTheme(string Accent, string OnAccent, string Link, string Background)
{
    private const double Readable = 4.5;
    private const string White = "#ffffff";
    private const string Black = "#000000";
    private const string Ink = "#111827";

    public static PageTheme Of(AuthOAuthServerOptions options) =>
        new(
            options.Color,
            Contrast(White, options.Color) >= Readable ? White : Black,
            Contrast(options.Color, White) >= Readable ? options.Color : Ink,
            options.BackgroundColor
        );

    /// <summary>The ratio of two colours' luminances, 1 to 21.</summary>
    internal static double Contrast(string one, string other)
    {
        (double a, double b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour) => (0.2126 * Channel(colour, 1)) + (0.7152 * Channel(colour, 3)) + (0.0722 * Channel(colour, 5));

    private static double Channel(string colour, int at)
    {
        double value = int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }
}
