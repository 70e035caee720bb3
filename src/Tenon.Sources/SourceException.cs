using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>A source could not do what it was asked. Engines derive from it; <see cref="ToError"/> is what may leave the server.</summary>
internal abstract class SourceException(string message, Exception? inner) : Exception(message, inner)
{
    public abstract Error ToError();

    /// <summary>The same without the name of a table that the caller may not know of.</summary>
    public virtual Error ToError(Func<QualifiedName, bool> mayKnow) => ToError();

    /// <summary>The same for whom no policy holds back: with what names rows.</summary>
    public virtual Error ToFullError() => ToError();

    /// <summary>A statement names what the database no longer has: another process may have changed the schema.</summary>
    public virtual bool IsStaleSchema => false;
}
