using System.Net.Sockets;
using Npgsql;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>A failed call of PostgreSQL, with what of it may leave the server.</summary>
internal sealed class PostgresFailure(Error error, Exception inner, bool broken) : SourceException(inner.Message, inner)
{
    /// <summary>The connection is of no further use.</summary>
    public bool IsConnectionLost { get; } = broken;

    public override Error ToError() => error;

    public override Error ToError(ErrorKnowledge caller) =>
        caller.Principal.Bypass ? ToFullError()
        : InnerException is PostgresException { SchemaName: { } schema, TableName: { } name } failure && PostgresErrors.IsOfConstraint(failure)
            ? PostgresKeyErrors.Of(error, failure, caller.Find(new QualifiedName(schema, name)), caller)
            : error;

    public override Error ToFullError() =>
        InnerException is PostgresException failure ? new Error(error.Code, failure.MessageText, failure.Detail, failure.Hint) : error;
}

/// <summary>
/// What the driver throws → errors of the catalogue. Codes and messages are PostgreSQL's; DETAIL and HINT of its own errors
/// that hold values of rows or names the caller may not know are dropped; those a function of the app raised stay. Who is held
/// back by no policy gets all of it.
/// </summary>
internal static class PostgresErrors
{
    public static bool IsFailure(Exception exception) => exception is NpgsqlException or TimeoutException or SocketException or IOException;

    public static PostgresFailure Of(Exception exception) =>
        exception switch
        {
            PostgresException failure => new PostgresFailure(Of(failure), failure, IsLost(failure.SqlState)),
            _ => new PostgresFailure(Lost(), exception, broken: true),
        };

    public static Error Lost() => new(ErrorCodes.ConnectionFailure, "the connection to the database failed", null, "Try again; the server connects anew by itself.");

    public static Error PoolExhausted() =>
        new(ErrorCodes.PoolTimeout, "Timed out acquiring a connection from the pool", null, "Try again, or raise [db] pool_size.");

    private static Error Of(PostgresException failure)
    {
        ErrorCode code = ErrorCodes.FromSqlState(failure.SqlState);
        if (IsRaisedByTheApp(failure))
        {
            return new Error(code, failure.MessageText, failure.Detail, failure.Hint);
        }
        // Hints of class 42 propose names of tables, columns and functions.
        bool named = failure.SqlState.StartsWith("42", StringComparison.Ordinal);
        return new Error(code, failure.MessageText, null, named ? null : failure.Hint);
    }

    // RAISE in a function: PL/pgSQL says so in Routine; its own class P0, PTxyz and states PostgreSQL does not have are the app's too.
    public static bool IsRaisedByTheApp(PostgresException failure) =>
        failure.Routine == "exec_stmt_raise" || failure.SqlState.StartsWith("PT", StringComparison.Ordinal);

    /// <summary>A row breaks a rule of its table (class 23).</summary>
    public static bool IsOfConstraint(PostgresException failure) =>
        failure.SqlState.StartsWith("23", StringComparison.Ordinal) && !IsRaisedByTheApp(failure);

    /// <summary>The server went away, is starting, or refuses connections.</summary>
    private static bool IsLost(string state) => state.StartsWith("08", StringComparison.Ordinal) || state is "57P01" or "57P02" or "57P03" or "53300";

    /// <summary>The transaction can be run again from the start: it lost a race.</summary>
    public static bool IsRetried(Exception exception) => exception is PostgresFailure { InnerException: PostgresException { SqlState: "40001" or "40P01" } };
}
