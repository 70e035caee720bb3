namespace Tenon.Testing;

/// <summary>
/// The choices of a generator, in the order they were made. Given again they make the same thing; fewer or smaller ones make
/// a simpler thing of the same grammar, which is how a failing case is shrunk. Zero is always the simplest choice.
/// </summary>
internal sealed class Draws
{
    private readonly IReadOnlyList<int>? given;
    private readonly Random? random;
    private readonly List<int> made = [];

    public Draws(Random random) => this.random = random;

    public Draws(IReadOnlyList<int> given) => this.given = given;

    public IReadOnlyList<int> Made => made;

    /// <summary>A number from zero up to but not including the bound.</summary>
    public int Below(int bound)
    {
        int next = random?.Next(bound) ?? (made.Count < given!.Count ? given[made.Count] % bound : 0);
        made.Add(next);
        return next;
    }

    /// <summary>True in about this many of a hundred cases; false is the simpler one.</summary>
    public bool Chance(int percent) => Below(100) >= 100 - percent;

    /// <summary>One of these; the first is the simplest.</summary>
    public T Of<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>One of the makers; the first is the simplest.</summary>
    public T Make<T>(params ReadOnlySpan<Func<Draws, T>> makers) => makers[Below(makers.Length)](this);

    /// <summary>Between so many and so many; each further one is a choice of its own.</summary>
    public List<T> Several<T>(int least, int most, Func<Draws, T> make)
    {
        var all = new List<T>();
        while (all.Count < most && (all.Count < least || Chance(60)))
        {
            all.Add(make(this));
        }
        return all;
    }

    /// <summary>Some of these, in their order, at least one.</summary>
    public List<T> Some<T>(IReadOnlyList<T> all)
    {
        var some = all.Where(_ => Chance(50)).ToList();
        return some.Count > 0 ? some : [all[0]];
    }
}
