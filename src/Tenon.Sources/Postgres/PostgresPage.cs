using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>What the limits and offsets of one request are: a limit that is null is <see cref="All"/>, such an offset 0.</summary>
internal sealed class PageNumbers(ParameterExpr[] parameters, long[] numbers)
{
    /// <summary>No limit.</summary>
    public const long All = long.MaxValue;

    /// <summary>The number, where all of it is known.</summary>
    public static long? Of(Expr expr, PageNumbers? page) =>
        expr switch
        {
            ConstantExpr { Value.IsNull: true } => All,
            ConstantExpr constant => constant.Value.Integer,
            ParameterExpr parameter => page?.Of(parameter),
            SumExpr sum => Sum(Of(sum.Left, page), Of(sum.Right, page)),
            MostRowsExpr { Limit: null } => MostRowsExpr.Most,
            MostRowsExpr most => Of(most.Limit, page) is { } limit ? Math.Min(limit, MostRowsExpr.Most) : null,
            _ => null,
        };

    private static long? Sum(long? left, long? right) =>
        left == All || right == All ? All : left + right;

    private long? Of(ParameterExpr parameter) =>
        Array.IndexOf(parameters, parameter) is >= 0 and var at ? numbers[at] : null;
}

/// <summary>
/// Forms of a statement with its limits as numbers in the text. PostgreSQL takes a limit it does not know for a tenth of all
/// rows, finds the plan for that dear and so plans anew at each execution, for longer than many a page takes to read; with the
/// number it keeps one plan. For first pages of usual sizes, and as many of them as one application asks for.
/// </summary>
internal sealed class PageForms(ParameterExpr[] limits, ParameterExpr[] offsets, Func<PageNumbers, PostgresCompiled> compile)
{
    private const int MostForms = 8;
    private const long LargestLimit = 1000;

    private sealed record Form(long[] Numbers, PostgresCompiled Statement);

    private readonly ParameterExpr[] parameters = [.. limits, .. offsets];
    private volatile Form[] forms = [];

    /// <summary>The form for these limits; null where the statement itself, with parameters, is to run.</summary>
    public PostgresCompiled? For(StatementArguments arguments)
    {
        Span<long> numbers = stackalloc long[parameters.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            bool isLimit = i < limits.Length;
            Datum value = arguments.Get(parameters[i]);
            numbers[i] = !value.IsNull ? value.Integer : isLimit ? PageNumbers.All : 0;
            // A page further on is another one at each click.
            if (numbers[i] < 0 || (isLimit ? numbers[i] is > LargestLimit and < PageNumbers.All : numbers[i] > 0))
            {
                return null;
            }
        }
        foreach (Form form in forms)
        {
            if (numbers.SequenceEqual(form.Numbers))
            {
                return form.Statement;
            }
        }
        return forms.Length < MostForms ? Add(numbers.ToArray()) : null;
    }

    // One at a time: each form is prepared on every connection that runs it.
    private PostgresCompiled? Add(long[] numbers)
    {
        lock (parameters)
        {
            if (Array.Find(forms, form => numbers.SequenceEqual(form.Numbers)) is { } made)
            {
                return made.Statement;
            }
            if (forms.Length >= MostForms)
            {
                return null;
            }
            made = new Form(numbers, compile(new PageNumbers(parameters, numbers)));
            forms = [.. forms, made];
            return made.Statement;
        }
    }
}
