using Tenon.Core.Errors;
using Tenon.Core.Policies;

namespace Tenon.Sources;

/// <summary>A source could not do what it was asked. Engines derive from it; <see cref="ToError"/> is what may leave the server.</summary>
internal abstract class SourceException(string message, Exception? inner) : Exception(message, inner)
{
    public abstract Error ToError();

    /// <summary>The same with what the caller may know of the tables it is about, and nothing of others; all for whom nothing holds back.</summary>
    public virtual Error ToError(ErrorKnowledge caller) => ToError();

    /// <summary>The same for whom no policy holds back: with what names rows.</summary>
    public virtual Error ToFullError() => ToError();

    /// <summary>A statement names what the database no longer has: another process may have changed the schema.</summary>
    public virtual bool IsStaleSchema => false;
}
