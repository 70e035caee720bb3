using System.Net.Sockets;
using MySqlConnector;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>A failed call of the database, with what of it may leave the server.</summary>
internal sealed class MySqlFailure(Error error, Exception inner, string source) : SourceException(inner.Message, inner)
{
    public ErrorCode Code => error.Code;

    public override Error ToError() => error;

    /// <summary>Whether this table of the source is the one of this database of the server.</summary>
    public Func<QualifiedName, string, bool> IsOf { get; init; } = static (_, _) => false;

    public override Error ToError(ErrorKnowledge caller) => new MySqlKeyErrors(source, IsOf, caller).Of(error, InnerException!.Message);

    /// <summary>The tables are not what they were when they were introspected.</summary>
    public bool IsStale => IsOfIndex || InnerException is MySqlException { ErrorCode: MySqlErrorCode.NoSuchTable or MySqlErrorCode.BadFieldError };

    /// <summary>An index that a statement names is not there.</summary>
    public bool IsOfIndex => InnerException is MySqlException { ErrorCode: MySqlErrorCode.KeyDoesNotExist };

    /// <summary>A row breaks a rule of its table; the transaction goes on.</summary>
    public bool IsOfConstraint =>
        Code == ErrorCodes.UniqueViolation || Code == ErrorCodes.ForeignKeyViolation || Code == ErrorCodes.NotNullViolation || Code == ErrorCodes.CheckViolation;

    /// <summary>The unit lost against another one and can run again from the start.</summary>
    public bool IsRetried => InnerException is MySqlException { ErrorCode: MySqlErrorCode.LockDeadlock or MySqlErrorCode.CheckRead };
}

/// <summary>
/// What the driver throws → SQLSTATE codes and PostgreSQL's sentences. The database's own texts hold values of rows
/// ("Duplicate entry 'x' …"), so none of them leaves.
/// </summary>
internal static class MySqlErrors
{
    public static bool IsFailure(Exception exception) =>
        exception is MySqlException or SocketException or IOException or TimeoutException or InvalidCastException;

    public static MySqlFailure Of(Exception exception, string source) => new(ErrorOf(exception, source), exception, source);

    /// <summary>Of a statement: its error may name tables.</summary>
    public static MySqlFailure Of(Exception exception, MySqlPool pool) => new(ErrorOf(exception, pool.Name), exception, pool.Name) { IsOf = pool.IsOf };

    private static Error ErrorOf(Exception exception, string source) => exception is MySqlException failure ? Of(failure, source) : Lost(source);

    public static Error Lost(string source) =>
        new(ErrorCodes.ConnectionFailure, $"the source {source} cannot be reached", null, "Try again; the server connects anew by itself.");

    /// <summary>For the terminal of who attaches the source: what stands in the way, and the mend. Without the password.</summary>
    public static Error ForAdministrator(MySqlFailure failure, MySqlConnectionStringBuilder settings, string source)
    {
        string at = $"{settings.Server}:{settings.Port}";
        (string what, string mend) = (failure.InnerException as MySqlException)?.ErrorCode switch
        {
            MySqlErrorCode.AccessDenied or (MySqlErrorCode)1698 => ($"{at} refuses the user {settings.UserID}", "check user and password of the url, and from which hosts the user may come"),
            MySqlErrorCode.DatabaseAccessDenied => ($"{at} does not let the user {settings.UserID} into the database {settings.Database}", $"grant select on {settings.Database}.* to that user"),
            MySqlErrorCode.UnknownDatabase => ($"{at} has no database {settings.Database}", "check the path of the url"),
            MySqlErrorCode.TooManyUserConnections or MySqlErrorCode.ConnectionCountError => ($"{at} takes no more connections", "try again later, or lower pool_size"),
            _ when failure.Code == ErrorCodes.ConnectionFailure => ($"{at} cannot be reached", "check host and port of the url, that the server runs and that it may be reached from here"),
            _ => (failure.ToError().Message, "see the log of the database"),
        };
        return new Error(failure.Code, $"source {source}: {what}", null, mend);
    }

    public static Error OfCheck() => new(ErrorCodes.CheckViolation, "new row violates check constraint");

    // Column 'name' cannot be null; Field 'name' doesn't have a default value.
    private static Error OfNull(string said)
    {
        string[] parts = said.Split('\'');
        string column = parts.Length > 2 ? $" in column \"{parts[1]}\"" : "";
        return new Error(ErrorCodes.NotNullViolation, $"null value{column} violates not-null constraint");
    }

    public static Error Cancelled() => new(ErrorCodes.QueryCanceled, "canceling statement due to statement timeout");

    private static Error Of(MySqlException failure, string source) =>
        failure.ErrorCode switch
        {
            MySqlErrorCode.DuplicateKeyEntry or MySqlErrorCode.DuplicateEntryWithKeyName => new(ErrorCodes.UniqueViolation, "duplicate key value violates unique constraint"),
            MySqlErrorCode.NoReferencedRow or MySqlErrorCode.NoReferencedRow2 => new(ErrorCodes.ForeignKeyViolation, "insert or update violates foreign key constraint"),
            MySqlErrorCode.RowIsReferenced or MySqlErrorCode.RowIsReferenced2 => new(ErrorCodes.ForeignKeyViolation, "update or delete violates a foreign key constraint: the row is still referenced"),
            MySqlErrorCode.ColumnCannotBeNull or MySqlErrorCode.NoDefaultForField => OfNull(failure.Message),
            (MySqlErrorCode)4025 => OfCheck(),
            MySqlErrorCode.DataTooLong => new(ErrorCodes.StringTooLong, "value too long for its column"),
            MySqlErrorCode.WarningDataOutOfRange or MySqlErrorCode.DataOutOfRange => new(ErrorCodes.NumericOutOfRange, "value out of range"),
            MySqlErrorCode.TruncatedWrongValue or MySqlErrorCode.TruncatedWrongValueForField or MySqlErrorCode.WarningDataTruncated => new(ErrorCodes.InvalidText, "a value does not fit the type of its column"),
            MySqlErrorCode.DivisionByZero => new(ErrorCodes.DivisionByZero, "division by zero"),
            (MySqlErrorCode)1242 => new(ErrorCodes.CardinalityViolation, "more than one row returned by a subquery used as an expression"),
            MySqlErrorCode.CannotExecuteInReadOnlyTransaction => new(ErrorCodes.ReadOnlyTransaction, "cannot write in a read-only transaction"),
            MySqlErrorCode.LockDeadlock or MySqlErrorCode.CheckRead => new(ErrorCodes.SerializationFailure, "could not serialize access due to concurrent update"),
            MySqlErrorCode.LockWaitTimeout => new(ErrorCodes.LockNotAvailable, "a lock was not available in time"),
            MySqlErrorCode.TableAccessDenied or MySqlErrorCode.ColumnAccessDenied => new(ErrorCodes.InternalError, $"the source {source} does not let Tenon's user do this"),
            MySqlErrorCode.QueryInterrupted or MySqlErrorCode.CommandTimeoutExpired or (MySqlErrorCode)1969 => Cancelled(),
            MySqlErrorCode.NoSuchTable or MySqlErrorCode.BadFieldError or MySqlErrorCode.KeyDoesNotExist => new(ErrorCodes.ConnectionFailure, $"the tables of source {source} have changed", null, "Try again; they are read anew."),
            MySqlErrorCode.TooManyUserConnections or MySqlErrorCode.ConnectionCountError => new(ErrorCodes.TooManyConnections, $"the source {source} takes no more connections", null, "Try again later."),
            _ => IsLost(failure) ? Lost(source) : new(ErrorCodes.InternalError, $"the source {source} could not run the statement"),
        };

    private static bool IsLost(MySqlException failure) =>
        failure.ErrorCode is MySqlErrorCode.UnableToConnectToHost or MySqlErrorCode.ServerShutdown or MySqlErrorCode.None or MySqlErrorCode.AccessDenied
            or MySqlErrorCode.DatabaseAccessDenied or MySqlErrorCode.UnknownDatabase or (MySqlErrorCode)1927
        || failure.InnerException is SocketException or IOException
        || failure.IsTransient;
}
