using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

// Registration of functions, aggregates and collations (called from SqliteExtensions). Two forms each: raw function
// pointers to static [UnmanagedCallersOnly] methods for the hot ones, delegates or objects for the rest.
internal sealed unsafe partial class SqliteConnection
{
    /// <summary>Registers a scalar function by pointer: (context, count, values).</summary>
    public void CreateScalar(
        string name,
        int arguments,
        FunctionTraits traits,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> call
    )
    {
        fixed (byte* utf8 = Utf8z(name))
            Check(
                Native.sqlite3_create_function_v2(Handle, utf8, arguments, Flags(traits), 0, call, null, null, null)
            );
    }

    /// <summary>Registers a scalar function; -1 arguments means any number. Exceptions become SQL errors.</summary>
    public void CreateScalar(string name, int arguments, FunctionTraits traits, SqliteScalar call)
    {
        nint app = GCHandle.ToIntPtr(GCHandle.Alloc(call));
        fixed (byte* utf8 = Utf8z(name))
            Check(
                Native.sqlite3_create_function_v2(
                    Handle,
                    utf8,
                    arguments,
                    Flags(traits),
                    app,
                    &OnScalar,
                    null,
                    null,
                    &OnDestroy
                )
            );
    }

    /// <summary>Registers an aggregate (and window function) by pointers.</summary>
    public void CreateAggregate(
        string name,
        int arguments,
        FunctionTraits traits,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> step,
        delegate* unmanaged[Cdecl]<nint, void> final,
        delegate* unmanaged[Cdecl]<nint, void> value = null,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> inverse = null
    )
    {
        int flags = Flags(traits);
        fixed (byte* utf8 = Utf8z(name))
            Check(
                Native.sqlite3_create_window_function(
                    Handle,
                    utf8,
                    arguments,
                    flags,
                    0,
                    step,
                    final,
                    value,
                    inverse,
                    null
                )
            );
    }

    /// <summary>Registers an aggregate made of objects, one per group; also usable as a window function.</summary>
    public void CreateAggregate(string name, int arguments, FunctionTraits traits, Func<SqliteAggregate> create)
    {
        nint app = GCHandle.ToIntPtr(GCHandle.Alloc(create));
        int flags = Flags(traits);
        fixed (byte* utf8 = Utf8z(name))
            Check(
                Native.sqlite3_create_window_function(
                    Handle,
                    utf8,
                    arguments,
                    flags,
                    app,
                    &OnStep,
                    &OnFinal,
                    &OnValue,
                    &OnInverse,
                    &OnDestroy
                )
            );
    }

    /// <summary>Registers a collation by pointer: (app, left length, left, right length, right).</summary>
    public void CreateCollation(string name, delegate* unmanaged[Cdecl]<nint, int, byte*, int, byte*, int> compare)
    {
        fixed (byte* utf8 = Utf8z(name))
            Check(Native.sqlite3_create_collation_v2(Handle, utf8, Native.Utf8, 0, compare, null));
    }

    /// <summary>Registers a collation; it must be a total order and must not throw.</summary>
    public void CreateCollation(string name, SqliteCollation compare)
    {
        nint app = GCHandle.ToIntPtr(GCHandle.Alloc(compare));
        fixed (byte* utf8 = Utf8z(name))
            Check(Native.sqlite3_create_collation_v2(Handle, utf8, Native.Utf8, app, &OnCompare, &OnDestroy));
    }

    private static int Flags(FunctionTraits traits) =>
        Native.Utf8
        | (int)traits
        | (traits.HasFlag(FunctionTraits.Innocuous) ? 0 : Native.FunctionDirectOnly);

    private static T Target<T>(nint app)
        where T : class => (T)GCHandle.FromIntPtr(app).Target!;

    // The message of an exception of ours may leave the server; any other is a mistake whose text stays inside.
    private static void Report(nint context, Exception exception)
    {
        Error error = exception is TenonException known ? known.Error
            : exception is SqliteException failed ? failed.Failure.ToError()
            : new Error(ErrorCodes.InternalError, "internal error in a function", exception.GetType().Name);
        new SqliteContext(context).Error(error.Code.Text, error.Message, error.Details, error.Hint);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnScalar(nint context, int count, nint* values)
    {
        try
        {
            SqliteScalar call = Target<SqliteScalar>(Native.sqlite3_user_data(context));
            call(new SqliteContext(context), new SqliteArguments(count, values));
        }
        catch (Exception exception)
        {
            Report(context, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnCompare(nint app, int leftLength, byte* left, int rightLength, byte* right) =>
        Target<SqliteCollation>(app)(new(left, leftLength), new(right, rightLength));

    private static SqliteAggregate Group(nint context)
    {
        nint* slot = new SqliteContext(context).State<nint>();
        if (slot == null)
            throw new OutOfMemoryException();
        if (*slot != 0)
            return Target<SqliteAggregate>(*slot);
        SqliteAggregate created = Target<Func<SqliteAggregate>>(Native.sqlite3_user_data(context))();
        *slot = GCHandle.ToIntPtr(GCHandle.Alloc(created));
        return created;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnStep(nint context, int count, nint* values)
    {
        try
        {
            Group(context).Step(new SqliteArguments(count, values));
        }
        catch (Exception exception)
        {
            Report(context, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnInverse(nint context, int count, nint* values)
    {
        try
        {
            Group(context).Inverse(new SqliteArguments(count, values));
        }
        catch (Exception exception)
        {
            Report(context, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnValue(nint context)
    {
        try
        {
            Group(context).Result(new SqliteContext(context));
        }
        catch (Exception exception)
        {
            Report(context, exception);
        }
    }

    // Always called once per group, also when the statement is given up, so the handle is freed here.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnFinal(nint context)
    {
        nint* slot = new SqliteContext(context).State<nint>();
        try
        {
            Group(context).Result(new SqliteContext(context));
        }
        catch (Exception exception)
        {
            Report(context, exception);
        }
        if (slot != null && *slot != 0)
        {
            GCHandle.FromIntPtr(*slot).Free();
            *slot = 0;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDestroy(nint app) => GCHandle.FromIntPtr(app).Free();
}
