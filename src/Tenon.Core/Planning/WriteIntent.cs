using System.Collections.Immutable;
using Tenon.Core.Query;

namespace Tenon.Core.Planning;

internal enum WriteMethod
{
    Post,
    Put,
    Patch,
    Delete,
}

/// <summary>What the method, the headers and the shape of the body ask of a write.</summary>
internal sealed record WriteIntent(WriteMethod Method)
{
    /// <summary>The keys of the body's objects (all have the same), in their order; empty for DELETE.</summary>
    public ImmutableArray<string> PayloadKeys { get; init; } = [];
    public ResolutionPreference Resolution { get; init; }
    public bool MissingIsDefault { get; init; }
    public ReturnPreference Return { get; init; }
    public bool Singular { get; init; }
    public long? MaxAffected { get; init; }
}
