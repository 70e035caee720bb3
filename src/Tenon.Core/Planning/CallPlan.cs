using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>An argument that comes with the request's body.</summary>
internal sealed record BodyArgument(string Name, int Slot, LogicalType Type);

/// <summary>A planned call of a function of the app: what to read of its result, and which slots its body fills.</summary>
internal sealed record CallPlan(ReadPlan Read, Routine Routine)
{
    public ImmutableArray<BodyArgument> BodyArguments { get; init; } = [];

    /// <summary>The whole body is the one argument (a single unnamed parameter).</summary>
    public bool WholeBody { get; init; }

    /// <summary>It changes nothing: it may run where reads run, and by GET.</summary>
    public bool ReadOnly { get; init; }
}
