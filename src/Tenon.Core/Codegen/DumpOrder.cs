using System.Collections.Immutable;
using Tenon.Core.Expressions.Parsing;

namespace Tenon.Core.Codegen;

/// <summary>A thing to be made: a name of its own, the name others call it by, its statement, and the text its making looks at.</summary>
internal sealed record DumpObject(string Key, string Name, string Statement, string Needs);

/// <summary>
/// An order in which each statement finds what it names. A word that is another object's name counts as a use of it: too many
/// uses cost nothing, a missing one would. A cycle is cut where it closes.
/// </summary>
internal static class DumpOrder
{
    public static ImmutableArray<string> Of(IEnumerable<DumpObject> objects)
    {
        ImmutableArray<DumpObject> all = [.. objects.OrderBy(o => o.Key, StringComparer.Ordinal)];
        ILookup<string, DumpObject> byName = all.ToLookup(o => o.Name, StringComparer.Ordinal);
        var order = ImmutableArray.CreateBuilder<string>(all.Length);
        var seen = new HashSet<DumpObject>(ReferenceEqualityComparer.Instance);
        void Visit(DumpObject one)
        {
            if (!seen.Add(one))
            {
                return;
            }
            foreach (string word in Words(one.Needs))
            {
                foreach (DumpObject needed in byName[word])
                {
                    Visit(needed);
                }
            }
            order.Add(one.Statement);
        }
        foreach (DumpObject one in all)
        {
            Visit(one);
        }
        return order.ToImmutable();
    }

    private static IEnumerable<string> Words(string text) =>
        SqlLexer.Tokenize(text).Tokens
            .Where(t => t.Kind is TokenKind.Word or TokenKind.QuotedName)
            .Select(t => t.Text)
            .Distinct(StringComparer.Ordinal);
}
