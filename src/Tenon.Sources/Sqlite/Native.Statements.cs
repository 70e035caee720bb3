using System.Runtime.InteropServices;

namespace Tenon.Sources.Sqlite;

// Statements, parameters, columns. Only calls that end in a few instructions skip the GC transition; step, prepare and
// everything that may run user functions or touch the disk never do.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial int sqlite3_prepare_v3(
        nint db,
        byte* sql,
        int length,
        uint flags,
        nint* statement,
        byte** tail
    );

    [LibraryImport(Library)]
    internal static partial int sqlite3_step(nint statement);

    [LibraryImport(Library)]
    internal static partial int sqlite3_reset(nint statement);

    [LibraryImport(Library)]
    internal static partial int sqlite3_finalize(nint statement);

    [LibraryImport(Library)]
    internal static partial int sqlite3_clear_bindings(nint statement);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_stmt_readonly(nint statement);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_stmt_status(nint statement, int counter, int reset);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_bind_parameter_count(nint statement);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_bind_null(nint statement, int index);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_bind_int64(nint statement, int index, long value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_bind_double(nint statement, int index, double value);

    [LibraryImport(Library)]
    internal static partial int sqlite3_bind_text(nint statement, int index, byte* value, int length, nint destructor);

    [LibraryImport(Library)]
    internal static partial int sqlite3_bind_blob(nint statement, int index, byte* value, int length, nint destructor);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_column_count(nint statement);

    [LibraryImport(Library)]
    internal static partial byte* sqlite3_column_name(nint statement, int column);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial nint sqlite3_column_value(nint statement, int column);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_value_type(nint value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial long sqlite3_value_int64(nint value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial double sqlite3_value_double(nint value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial byte* sqlite3_value_blob(nint value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_value_bytes(nint value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial void sqlite3_result_null(nint context);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial void sqlite3_result_int64(nint context, long value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial void sqlite3_result_double(nint context, double value);

    [LibraryImport(Library)]
    internal static partial void sqlite3_result_text(nint context, byte* value, int length, nint destructor);

    [LibraryImport(Library)]
    internal static partial void sqlite3_result_blob(nint context, byte* value, int length, nint destructor);

    [LibraryImport(Library)]
    internal static partial void sqlite3_result_value(nint context, nint value);

    [LibraryImport(Library)]
    internal static partial void sqlite3_result_error(nint context, byte* message, int length);

    [LibraryImport(Library)]
    internal static partial void sqlite3_result_error_code(nint context, int code);
}
