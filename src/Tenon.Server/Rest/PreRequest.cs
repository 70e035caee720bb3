using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// [api] pre_request: a function of the main database that runs first in the transaction of every request, as the caller.
/// What it raises is the answer; it may also say headers of the answer.
/// </summary>
internal sealed class PreRequest(QualifiedName function, Source source)
{
    private readonly ConditionalWeakTable<Catalog, ConcurrentDictionary<Principal, CompiledStatement>> compiled = [];

    /// <summary>Null when the setting names nothing.</summary>
    public static PreRequest? Of(string name, Source source)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return name.Length == 0 ? null : new PreRequest(dot < 0 ? new QualifiedName("public", name) : new QualifiedName(name[..dot], name[(dot + 1)..]), source);
    }

    /// <summary>The call, to run as the first statement of the request's session.</summary>
    public CompiledStatement For(Catalog catalog, Principal principal) =>
        compiled.GetOrCreateValue(catalog).GetOrAdd(principal, static (p, own) => own.Self.Compile(own.Catalog, p), (Self: this, Catalog: catalog));

    /// <summary>By itself: for a request whose own statements run elsewhere.</summary>
    public async ValueTask RunAsync(Catalog catalog, Principal principal, StatementArguments arguments, CancellationToken cancellation)
    {
        var needs = new SessionNeeds(true, arguments.Context, source.Enforcements[0]);
        using SourceSession session = await source.OpenAsync(needs, cancellation);
        session.Rows(For(catalog, principal), arguments);
    }

    private CompiledStatement Compile(Catalog catalog, Principal principal)
    {
        Routine routine =
            catalog.Routines.TryGetValue(function, out ImmutableArray<Routine> overloads) && overloads.FirstOrDefault(r => r.Parameters.IsEmpty) is { } found
                ? found
                : throw new Error(ErrorCodes.UndefinedFunction, $"function {function}() does not exist", null, "Create it, or correct [api] pre_request.").ToException();
        LogicalType type = routine.Result;
        var call = new UserCallExpr(routine.Name, []) { Type = type };
        var select = new Select(new SelectCore([new SelectItem(call, null)])) { Output = [new RowField("", type)] };
        return source.Compile(GuardedSelect.Bind(select, new PolicyBinder(catalog, principal, source.Enforcements[0])).Select);
    }
}
