using System.Runtime.InteropServices;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

// SQLite's result codes and messages -> SqliteFailure (SQLSTATE + parts). The message shapes parsed here are SQLite's own:
// "UNIQUE constraint failed: t.a, t.b", "NOT NULL constraint failed: t.a", "CHECK constraint failed: name".
// Functions of ours raise an SQLSTATE by Encode: US sqlstate US message [US details [US hint]], US = U+001F.
internal static unsafe class SqliteErrors
{
    private const char Separator = '\u001f';

    /// <summary>The text a C# function passes to sqlite3_result_error so that the SQLSTATE survives the trip.</summary>
    public static string Encode(string sqlState, string message, string? details = null, string? hint = null) =>
        (details, hint) switch
        {
            (null, null) => $"{Separator}{sqlState}{Separator}{message}",
            (_, null) => $"{Separator}{sqlState}{Separator}{message}{Separator}{details}",
            _ => $"{Separator}{sqlState}{Separator}{message}{Separator}{details}{Separator}{hint}",
        };

    /// <summary>The exception for a call on this connection that just failed with this code.</summary>
    public static SqliteException FromConnection(nint db, int code)
    {
        if (db == 0)
            return new SqliteException(Describe(code, Text(Native.sqlite3_errstr(code)), -1));
        int extended = Native.sqlite3_extended_errcode(db);
        // The connection's code belongs to this call only when the primary codes agree.
        if ((extended & 0xff) != (code & 0xff))
            return new SqliteException(Describe(code, Text(Native.sqlite3_errstr(code)), -1));
        return new SqliteException(
            Describe(extended, Text(Native.sqlite3_errmsg(db)), Native.sqlite3_error_offset(db))
        );
    }

    /// <summary>57014 for a unit or session that was cancelled before it ran.</summary>
    public static SqliteException Cancelled() => new(Describe(Native.Interrupt, "interrupted"));

    /// <summary>Maps a result code and message; the heart of this file, pure.</summary>
    public static SqliteFailure Describe(int code, string message, int offset = -1)
    {
        SqliteFailure failure = (code & 0xff) switch
        {
            Native.Error when message.StartsWith(Separator) => Decode(code, message),
            Native.Error => Logic(code, message),
            Native.Constraint => Constraint(code, message),
            Native.Mismatch => new(code, ErrorCodes.DatatypeMismatch.Text, "a value does not fit the type of its column"),
            Native.Busy or Native.Locked => new(code, ErrorCodes.LockNotAvailable.Text, "the database is locked by another process"),
            Native.Interrupt => new(code, ErrorCodes.QueryCanceled.Text, "canceling statement due to user request"),
            Native.Full => new(code, ErrorCodes.DiskFull.Text, "could not extend the database: no space left on device"),
            Native.IoErr when code == Native.IoErrNoMem => new(code, ErrorCodes.OutOfMemory.Text, "out of memory"),
            Native.IoErr => new(code, ErrorCodes.IoError.Text, "the database file could not be read or written"),
            Native.CantOpen => new(code, ErrorCodes.IoError.Text, "the database file could not be opened"),
            Native.ReadOnly => new(code, ErrorCodes.ReadOnlyTransaction.Text, "cannot write: the database is read-only"),
            Native.Corrupt or Native.NotADb => new(code, ErrorCodes.DataCorrupted.Text, "the database file is damaged"),
            Native.NoMem => new(code, ErrorCodes.OutOfMemory.Text, "out of memory"),
            Native.TooBig => new(code, ErrorCodes.ProgramLimitExceeded.Text, "a value is larger than the limit"),
            Native.Auth or Native.Perm => new(code, ErrorCodes.InsufficientPrivilege.Text, "permission denied"),
            _ => new(code, ErrorCodes.InternalError.Text, "internal error"),
        };
        bool ours = (code & 0xff) == Native.Error && message.StartsWith(Separator);
        return failure with { Offset = offset, Internal = ours ? null : message };
    }

    private static SqliteFailure Decode(int code, string message)
    {
        string[] parts = message.Split(Separator);
        return new(code, parts[1], parts.Length > 2 ? parts[2] : "internal error")
        {
            Details = parts.Length > 3 && parts[3].Length > 0 ? parts[3] : null,
            Hint = parts.Length > 4 && parts[4].Length > 0 ? parts[4] : null,
        };
    }

    // Plain SQLITE_ERROR: texts of SQLite's own functions that a caller can provoke; the rest is a mistake of ours.
    private static SqliteFailure Logic(int code, string message) =>
        message switch
        {
            "integer overflow" => new(code, ErrorCodes.NumericOutOfRange.Text, "bigint out of range"),
            "malformed JSON" => new(code, ErrorCodes.InvalidText.Text, "invalid input syntax for type json"),
            "LIKE or GLOB pattern too complex" => new(code, ErrorCodes.StatementTooComplex.Text, "the pattern is too complex"),
            _ when message.Contains("too large (maximum depth", StringComparison.Ordinal) => new(
                code,
                ErrorCodes.StatementTooComplex.Text,
                "the statement is too complex"
            ),
            _ => new(code, ErrorCodes.InternalError.Text, "internal error"),
        };

    private static SqliteFailure Constraint(int code, string message)
    {
        string subject = After(message, "constraint failed: ");
        switch (code)
        {
            case Native.ConstraintNotNull:
                (string? table, string[] columns) = Columns(subject);
                string column = columns.Length > 0 ? columns[0] : subject;
                return new(code, ErrorCodes.NotNullViolation.Text, NotNull(table, column)) { Table = table, Columns = columns };
            case Native.ConstraintUnique or Native.ConstraintPrimaryKey or Native.ConstraintRowId:
                return Unique(code, subject);
            case Native.ConstraintForeignKey:
                return new(code, ErrorCodes.ForeignKeyViolation.Text, "a row violates a foreign key constraint");
            case Native.ConstraintCheck:
                return new(code, ErrorCodes.CheckViolation.Text, $"new row violates check constraint \"{subject}\"") { Constraint = subject };
            case Native.ConstraintDataType:
                return new(code, ErrorCodes.DatatypeMismatch.Text, "a value does not fit the type of its column");
            default:
                return new(code, "23000", "a row violates a constraint");
        }
    }

    private static string NotNull(string? table, string column) =>
        $"null value in column \"{column}\" of relation \"{table}\" violates not-null constraint";

    private static SqliteFailure Unique(int code, string subject)
    {
        if (subject.StartsWith("index '", StringComparison.Ordinal) && subject.EndsWith('\''))
        {
            string index = subject[7..^1];
            return new(code, ErrorCodes.UniqueViolation.Text, $"duplicate key value violates unique constraint \"{index}\"")
            {
                Constraint = index,
            };
        }
        (string? table, string[] columns) = Columns(subject);
        string message =
            $"duplicate key value violates unique constraint on \"{table}\" ({string.Join(", ", columns)})";
        return new(code, ErrorCodes.UniqueViolation.Text, message) { Table = table, Columns = columns };
    }

    // "auth.users.email, auth.users.site": the table is what precedes the last dot of the first name.
    private static (string? Table, string[] Columns) Columns(string list)
    {
        int comma = list.IndexOf(", ", StringComparison.Ordinal);
        int dot = (comma < 0 ? list : list[..comma]).LastIndexOf('.');
        if (dot < 0)
            return (null, []);
        string table = list[..dot];
        return (table, list[(dot + 1)..].Split($", {table}."));
    }

    private static string After(string text, string mark)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? text : text[(at + mark.Length)..];
    }

    private static string Text(byte* text) =>
        text == null ? "" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}
