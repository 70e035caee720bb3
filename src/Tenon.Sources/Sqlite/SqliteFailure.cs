using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// What SQLite (or a function of ours inside it) reported, taken apart: the extended result code, PostgreSQL's SQLSTATE for
/// it, and the table, columns or constraint its message names (physical names: a mapper with the catalog at hand turns
/// them into PostgreSQL's sentence). Never holds values of rows.
/// </summary>
internal sealed record SqliteFailure(int Code, string SqlState, string Message)
{
    public string? Table { get; init; }

    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Name of the check constraint or of the unique index on expressions.</summary>
    public string? Constraint { get; init; }

    public string? Details { get; init; }

    public string? Hint { get; init; }

    /// <summary>Byte offset in the SQL text, -1 when unknown.</summary>
    public int Offset { get; init; } = -1;

    /// <summary>The raw text of SQLite, for the log only.</summary>
    public string? Internal { get; init; }

    /// <summary>The primary result code (the low byte of <see cref="Code"/>).</summary>
    public int Primary => Code & 0xff;

    /// <summary>The error as it may leave the server; internal texts do not.</summary>
    public Error ToError() => new(ErrorCodes.FromSqlState(SqlState), Message, Details, Hint);
}

/// <summary>A failed SQLite call. Infrastructure: whoever knows the catalog turns <see cref="Failure"/> into an Error.</summary>
internal sealed class SqliteException(SqliteFailure failure, Exception? inner = null)
    : SourceException(failure.Internal is null ? failure.Message : $"{failure.Message} [{failure.Internal}]", inner)
{
    public SqliteFailure Failure { get; } = failure;

    public override Error ToError() => Failure.ToError();

    // The planner checked every name, so one that SQLite does not find was there when the plan was made.
    public override bool IsStaleSchema =>
        Failure.Internal is { } text
        && (
            text.StartsWith("no such ", StringComparison.Ordinal)
            || text.Contains(" has no column named ", StringComparison.Ordinal)
            || text.Contains(" values were supplied", StringComparison.Ordinal)
        );
}
