using Tenon.Core.Expressions.Functions;

namespace Tenon.Core.Expressions.Trees;

/// <summary>What computes the value of a bound expression: each function and conversion in it, with its stamp.</summary>
internal sealed class StoredUses : ExprVisitor
{
    /// <summary>Stands for every conversion from type to type.</summary>
    public const string Conversion = "cast";

    private readonly SortedDictionary<string, string> stamps = new(StringComparer.Ordinal);

    /// <summary>The stamp each one has in this version; a function by its Id in the catalogue.</summary>
    public IReadOnlyDictionary<string, string> Stamps => stamps;

    /// <summary>The first thing met that may not be stored: a call, conversion or comparison.</summary>
    public Expr? Refused { get; private set; }

    public static StoredUses Of(Expr bound)
    {
        var uses = new StoredUses();
        uses.Visit(bound);
        return uses;
    }

    /// <summary>The stamp that this version has for a recorded name; null when nothing of that name may be stored any more.</summary>
    public static string? StampOf(string name) =>
        name == Conversion ? Conversions.Stored.Stamp : FunctionCatalog.Find(name)?.Stored?.Stamp;

    public override void Visit(Expr expr)
    {
        switch (expr)
        {
            case ApplyExpr e:
                Note(e, e.Function, e.Function.Stored is { When: { } when } && !when(e.Arguments));
                break;
            case QuantifiedExpr { Comparison: { } comparison } e:
                Note(e, comparison, false);
                break;
            case ConvertExpr e when Conversions.MayBeStored(e.Operand.Type, e.Type):
                stamps[Conversion] = Conversions.Stored.Stamp;
                break;
            case ConvertExpr or UserCallExpr:
                Refused ??= expr;
                break;
        }
        base.Visit(expr);
    }

    private void Note(Expr expr, Function function, bool unfit)
    {
        if (function.Stored is null || unfit)
        {
            Refused ??= expr;
            return;
        }
        stamps[function.BaseId ?? function.Id] = function.Stored.Stamp;
    }
}
