namespace Tenon.Sources;

/// <summary>A kind of database that an application may attach; made by the package of that engine, given to AddSourceEngine.</summary>
public sealed class SourceEngine
{
    internal SourceEngine(AttachedEngine engine) => Engine = engine;

    internal AttachedEngine Engine { get; }
}
