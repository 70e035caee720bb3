using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;

namespace Tenon.Core.Query;

/// <summary>order=a.desc.nullslast,data->>b,rel(c).asc.</summary>
internal static class OrderParser
{
    public static Outcome<ImmutableArray<OrderTermSyntax>> Parse(string text, int rawStart)
    {
        var cursor = new TextCursor(text);
        var terms = ImmutableArray.CreateBuilder<OrderTermSyntax>();
        do
        {
            if (!Term(ref cursor, out OrderTermSyntax term))
            {
                return cursor.ToError("order", text, rawStart);
            }
            terms.Add(term);
        } while (cursor.Take(','));
        return terms.DrainToImmutable();
    }

    private static bool Term(ref TextCursor cursor, out OrderTermSyntax term)
    {
        term = null!;
        if (!FieldParser.Read(ref cursor, out FieldSyntax field))
        {
            return false;
        }
        string? relation = null;
        if (field.Path.IsEmpty && cursor.Take('('))
        {
            relation = field.Name;
            if (!FieldParser.Read(ref cursor, out field))
            {
                return false;
            }
            if (!cursor.Take(')'))
            {
                return cursor.Fail("\")\"");
            }
        }
        bool descending = false;
        bool direction = false;
        NullsOrder nulls = NullsOrder.Default;
        if (cursor.Take('.') && !Direction(ref cursor, ref descending, ref direction, ref nulls))
        {
            return false;
        }
        if (direction && cursor.Take('.') && !Nulls(ref cursor, ref nulls))
        {
            return cursor.Fail("\"nullsfirst\" or \"nullslast\"");
        }
        cursor.SkipBlanks();
        term = new OrderTermSyntax(relation, field, descending, nulls);
        if (cursor.AtEnd || cursor.Peek == ',')
        {
            return true;
        }
        return cursor.Fail(
            nulls != NullsOrder.Default ? "\",\" or end of input"
            : direction ? "delimiter (.), \",\" or end of input"
            : "letter, digit, \"-\", \"->>\", \"->\", delimiter (.), \",\" or end of input"
        );
    }

    private static bool Direction(ref TextCursor cursor, ref bool descending, ref bool direction, ref NullsOrder nulls)
    {
        descending = cursor.Take("desc");
        direction = descending || cursor.Take("asc");
        return direction || Nulls(ref cursor, ref nulls) || cursor.Fail("\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"");
    }

    private static bool Nulls(ref TextCursor cursor, ref NullsOrder nulls)
    {
        nulls =
            cursor.Take("nullsfirst") ? NullsOrder.First
            : cursor.Take("nullslast") ? NullsOrder.Last
            : NullsOrder.Default;
        return nulls != NullsOrder.Default;
    }
}
