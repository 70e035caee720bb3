using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tenon.Sources.Sqlite;

// Change capture on the writer connection: the preupdate hook copies old and new values of listened tables into a
// ChangeBuffer. It runs inside the statement, so it runs no SQL and lets no exception out; what it could not copy fails
// the unit (CaptureFailure). Cascades of foreign keys are reported like any other change.
internal sealed unsafe partial class SqliteConnection
{
    private ChangeBuffer? captured;
    private ChangeFilter filter = ChangeFilter.None;

    /// <summary>The first error inside the hook since the last call to <see cref="TakeCaptureFailure"/>.</summary>
    private Exception? captureFailure;

    /// <summary>Captures the tables of the filter into the buffer from now on; the hook is absent while there are none.</summary>
    internal void Capture(ChangeBuffer buffer, ChangeFilter tables)
    {
        captured = buffer;
        if (ReferenceEquals(filter, tables))
            return;
        filter = tables;
        SetHook();
    }

    private void SetHook()
    {
        if (filter.IsEmpty && texts.IsEmpty)
            _ = Native.sqlite3_preupdate_hook(Handle, null, 0);
        else
            _ = Native.sqlite3_preupdate_hook(Handle, &OnPreupdate, GCHandle.ToIntPtr(self));
    }

    internal Exception? TakeCaptureFailure()
    {
        Exception? failure = captureFailure;
        captureFailure = null;
        return failure;
    }

    internal ChangeMark MarkChanges() => captured?.Mark ?? default;

    internal void CutChanges(ChangeMark mark) => captured?.CutTo(mark);

    private void StopCapture()
    {
        if (!filter.IsEmpty || !texts.IsEmpty)
            _ = Native.sqlite3_preupdate_hook(handle, null, 0);
        captured = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnPreupdate(nint app, nint db, int operation, byte* schema, byte* table, long before, long after)
    {
        if (GCHandle.FromIntPtr(app).Target is not SqliteConnection connection)
            return;
        try
        {
            ReadOnlySpan<byte> utf8 = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(table);
            if (!connection.texts.IsEmpty)
                connection.Note(utf8, operation, before, after);
            string? name = connection.filter.Find(utf8);
            if (name is not null && connection.captured is not null)
                Record(db, connection.captured, name, operation);
        }
        catch (Exception exception)
        {
            connection.captureFailure ??= exception;
        }
    }

    private static void Record(nint db, ChangeBuffer buffer, string table, int operation)
    {
        int columns = Native.sqlite3_preupdate_count(db);
        ChangeKind kind = operation switch
        {
            Native.OperationInsert => ChangeKind.Insert,
            Native.OperationUpdate => ChangeKind.Update,
            _ => ChangeKind.Delete,
        };
        buffer.Begin(table, kind, columns);
        for (int i = 0; i < columns; i++)
        {
            nint value = 0;
            if (kind != ChangeKind.Insert && Native.sqlite3_preupdate_old(db, i, &value) == Native.Ok)
                Copy(buffer, true, i, value);
            if (kind != ChangeKind.Delete && Native.sqlite3_preupdate_new(db, i, &value) == Native.Ok)
                Copy(buffer, false, i, value);
        }
    }

    private static void Copy(ChangeBuffer buffer, bool old, int column, nint value)
    {
        int type = Native.sqlite3_value_type(value);
        switch (type)
        {
            case Native.TypeInteger:
                buffer.Set(old, column, ChangeValueKind.Integer, Native.sqlite3_value_int64(value));
                break;
            case Native.TypeReal:
                long bits = BitConverter.DoubleToInt64Bits(Native.sqlite3_value_double(value));
                buffer.Set(old, column, ChangeValueKind.Real, bits);
                break;
            case Native.TypeText or Native.TypeBlob:
                byte* bytes = Native.sqlite3_value_blob(value);
                ReadOnlySpan<byte> span = new(bytes, Native.sqlite3_value_bytes(value));
                buffer.Set(old, column, type == Native.TypeText ? ChangeValueKind.Text : ChangeValueKind.Blob, span);
                break;
            default:
                break;
        }
    }
}
