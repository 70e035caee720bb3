using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>What a media handler makes of the rows of a range. The database calls it, as the caller.</summary>
internal sealed record MadeOfRowsExpr(MediaHandler Handler, string Range) : Expr;

/// <summary>A unit's rows → one row: what a handler makes of them, and how many they were.</summary>
internal static class MadeRows
{
    private const string Inner = "r";
    private const string Named = "t";

    public static ReadUnit Of(ReadUnit unit, MediaHandler handler, Enforcement enforcement)
    {
        if (enforcement != Enforcement.Native)
        {
            throw Refusals.NotSupported($"{handler.Media} with compiled policies").ToException();
        }
        if (!unit.Children.IsEmpty || !unit.Shape.Members.All(m => m is ValueShape))
        {
            throw Refusals.NotSupported($"embeds in {handler.Media}", "Select columns alone.").ToException();
        }
        Expr made = new MadeOfRowsExpr(handler, Named) { Type = handler.Result };
        Select counted = ReadLowering.CountOf(new SelectFrom(InOrderOfMembers(unit), Named, [], false), null);
        var core = (SelectCore)counted.Body;
        return unit with
        {
            Select = counted with
            {
                Body = core with { Items = core.Items.Insert(0, new SelectItem(made, "body")) },
                Output = counted.Output.Insert(0, new RowField("body", handler.Result)),
            },
            Shape = new RowShape([new ValueShape("body", 0, handler.Result), new ValueShape("count", 1, LogicalType.Int8) { IsCount = true }], false),
        };
    }

    // The row has the members of the answer, under their names and in their order.
    private static Select InOrderOfMembers(ReadUnit unit)
    {
        ImmutableArray<string> names = [.. unit.Select.Output.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"c{i}"))];
        var members = unit.Shape.Members.Cast<ValueShape>().ToArray();
        var items = members.Select(m => new SelectItem(new ColumnExpr(Inner, names[m.Column]) { Type = m.Type }, m.Name));
        return new Select(new SelectCore([.. items]) { From = new SelectFrom(unit.Select, Inner, names, false) })
        {
            Output = [.. members.Select(m => new RowField(m.Name, m.Type))],
        };
    }
}
