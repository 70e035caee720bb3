using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

/// <summary>
/// to_char's templates for numbers: 9, 0, the point (. D), groups (, G), S, MI, PL, SG, PR, L, FM and text in quotes. Others
/// (TH, V, EEEE, RN, B) are refused.
/// </summary>
internal sealed class NumberTemplate
{
    private enum Part
    {
        Nine,
        Zero,
        Point,
        Group,
        Sign,
        Minus,
        Plus,
        AnySign,
        Bracket,
        Currency,
        Text,
    }

    private readonly List<(Part Part, string Text)> parts = [];
    private int before;
    private int after;
    private int zeroStart = -1;
    private int zeroEnd;
    private bool hasPoint;
    private bool fill;
    private bool bracket;
    private bool userSign;
    private bool signBehind;
    private bool hasSign;

    private NumberTemplate() { }

    public static Outcome<string> Format(string template, Numeric value)
    {
        var parsed = new NumberTemplate();
        return parsed.Parse(template) is { } error ? error : parsed.Write(value);
    }

    // ---- reading the template ----

    private Error? Parse(string template)
    {
        int signAt = -1;
        for (int i = 0; i < template.Length; )
        {
            int length = Next(template, i, ref signAt, out Error? error);
            if (error is not null)
            {
                return error;
            }
            i += length;
        }
        signBehind |= hasSign && signAt >= 0 && signAt == before;
        return hasSign && (userSign || bracket)
            ? new Error(ErrorCodes.SyntaxError, "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
            : null;
    }

    private int Next(string template, int i, ref int signAt, out Error? error)
    {
        error = null;
        char c = template[i];
        string two = (i + 1 < template.Length ? template.Substring(i, 2) : "").ToUpperInvariant();
        if (IsWord(two, ref error))
        {
            return 2;
        }
        switch (c)
        {
            case '9':
                Digit(Part.Nine);
                return 1;
            case '0':
                Digit(Part.Zero);
                return 1;
            case '.' or 'D' or 'd' when hasPoint:
                error = new Error(ErrorCodes.SyntaxError, "multiple decimal points");
                return 1;
            case '.' or 'D' or 'd':
                hasPoint = true;
                parts.Add((Part.Point, ""));
                return 1;
            case ',' or 'G' or 'g':
                parts.Add((Part.Group, ""));
                return 1;
            case 'S' or 's' when hasSign:
                error = new Error(ErrorCodes.SyntaxError, "cannot use \"S\" twice");
                return 1;
            case 'S' or 's':
                hasSign = true;
                signBehind = hasPoint;
                signAt = hasPoint ? -1 : before;
                parts.Add((Part.Sign, ""));
                return 1;
            case 'L' or 'l':
                parts.Add((Part.Currency, ""));
                return 1;
            case 'V' or 'v' or 'B' or 'b':
                error = Unknown(c.ToString());
                return 1;
            case '"':
                return Quoted(template, i);
            default:
                parts.Add((Part.Text, c.ToString()));
                return 1;
        }
    }

    private bool IsWord(string two, ref Error? error)
    {
        Part? part = two switch
        {
            "MI" => Part.Minus,
            "PL" => Part.Plus,
            "SG" => Part.AnySign,
            "PR" => Part.Bracket,
            _ => null,
        };
        if (two is "TH" or "RN" or "EE")
        {
            error = Unknown(two);
        }
        if (part is null)
        {
            fill |= two == "FM";
            return two == "FM" || error is not null;
        }
        userSign |= part != Part.Bracket;
        bracket |= part == Part.Bracket;
        parts.Add((part.Value, ""));
        return true;
    }

    private int Quoted(string template, int i)
    {
        int close = template.IndexOf('"', i + 1);
        close = close < 0 ? template.Length : close;
        parts.Add((Part.Text, template[(i + 1)..close]));
        return close - i + 1;
    }

    private static Error Unknown(string pattern) =>
        Refusals.NotSupported($"the number pattern {pattern} of to_char", "Use 9, 0, the point, groups, signs and FM, or format in the client.");

    private void Digit(Part part)
    {
        if (part == Part.Zero && zeroStart < 0 && !hasPoint)
        {
            zeroStart = before;
        }
        _ = hasPoint ? after++ : before++;
        if (part == Part.Zero)
        {
            zeroEnd = before + after;
        }
        parts.Add((part, ""));
    }

    // ---- writing a number by it ----

    private string number = "";
    private int at;
    private int current;
    private int spaces;
    private int lastRelevant = int.MaxValue;
    private bool negative;
    private bool signWritten;
    private bool inNumber;

    private string Write(Numeric value)
    {
        Prepare(value);
        var output = new StringBuilder();
        foreach ((Part part, string text) in parts)
        {
            switch (part)
            {
                case Part.Nine or Part.Zero or Part.Point:
                    WriteDigit(part, output);
                    break;
                case Part.Group:
                    output.Append(inNumber ? "," : fill ? "" : " ");
                    break;
                case Part.Minus:
                    output.Append(negative ? "-" : fill ? "" : " ");
                    break;
                case Part.Plus:
                    output.Append(!negative ? "+" : fill ? "" : " ");
                    break;
                case Part.AnySign:
                    output.Append(negative ? '-' : '+');
                    break;
                case Part.Currency:
                    output.Append(fill ? "" : " ");
                    break;
                case Part.Text:
                    output.Append(text);
                    break;
            }
        }
        return output.ToString();
    }

    private void Prepare(Numeric value)
    {
        Numeric rounded = value.Round(after);
        negative = rounded.Unscaled.Sign < 0;
        number = rounded.ToString().TrimStart('-');
        int point = number.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? number.Length : point;
        spaces = Math.Max(0, before - whole);
        if (value.IsNaN)
        {
            signWritten = userSign || signBehind || (fill && !hasSign);
        }
        if (whole > before)
        {
            number = new string('#', before) + (after > 0 ? "." + new string('#', after) : "");
            spaces = 0;
            point = after > 0 ? before : -1;
        }
        signWritten |= userSign || (!negative && fill && !hasSign);
        bracket &= negative || !fill;
        if (fill && hasPoint && point >= 0)
        {
            Trim(point);
        }
    }

    /// <summary>FM drops zeros at the end, but not where the template has a 0.</summary>
    private void Trim(int point)
    {
        int last = point;
        for (int i = point + 1; i < number.Length; i++)
        {
            last = number[i] == '0' ? last : i;
        }
        if (zeroEnd > spaces)
        {
            last = Math.Max(last, Math.Min(number.Length - 1, zeroEnd - spaces));
        }
        lastRelevant = last;
    }

    private bool PointIsLast => lastRelevant < number.Length && number[lastRelevant] == '.';

    // A zero before the point that the template does not ask for is not written: 0.1 by 9.9 is " .1".
    private bool IsSpareZero => zeroStart < 0 && at == 0 && number.StartsWith('0') && after > 0;

    private void WriteDigit(Part part, StringBuilder output)
    {
        bool reached = current >= spaces || zeroStart == current;
        if (!signWritten && reached && (!IsSpareZero || PointIsLast))
        {
            WriteSign(output);
        }
        if (current < spaces && (zeroStart < 0 || zeroStart > current))
        {
            output.Append(fill ? "" : " ");
        }
        else if (current < spaces)
        {
            output.Append('0');
            inNumber = true;
        }
        else
        {
            WriteNumber(part, output);
        }
        WriteSignBehind(output);
        current++;
    }

    private void WriteNumber(Part part, StringBuilder output)
    {
        if (at >= number.Length)
        {
            return;
        }
        if (number[at] == '.')
        {
            output.Append('.');
        }
        else if (at > lastRelevant && part != Part.Zero)
        {
            // Cut off by FM.
        }
        else if (IsSpareZero)
        {
            output.Append(!fill ? " " : PointIsLast ? "0" : "");
        }
        else
        {
            output.Append(number[at]);
            inNumber = true;
        }
        at++;
    }

    private void WriteSign(StringBuilder output)
    {
        if (hasSign)
        {
            if (!signBehind)
            {
                output.Append(negative ? '-' : '+');
                signWritten = true;
            }
            return;
        }
        output.Append(bracket && negative ? "<" : negative ? "-" : fill ? "" : " ");
        signWritten = true;
    }

    private void WriteSignBehind(StringBuilder output)
    {
        if (current + 1 != before + after + (hasPoint ? 1 : 0) || lastRelevant == at)
        {
            return;
        }
        if (bracket && signWritten)
        {
            output.Append(negative ? ">" : " ");
            bracket = false;
        }
        else if (hasSign && signBehind && !signWritten)
        {
            output.Append(negative ? '-' : '+');
            signWritten = true;
        }
    }
}
