using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>OPTIONS: which methods a table or function takes.</summary>
internal static class Methods
{
    public static Task OfTable(RestRequest request, PlanOptions options, string name)
    {
        Table table = ReadPlanner.FindTable(request.Catalog, name, options).Value;
        // A materialized view, too, tells that it takes no writes.
        string allowed = table.Kind == RelationKind.View || table.Writes is not null ? OfView(request, options, table)
            : table.PrimaryKey is not null ? "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"
            : "OPTIONS,GET,HEAD,POST,PATCH,DELETE";
        return AnswerAsync(request, allowed);
    }

    private static string OfView(RestRequest request, PlanOptions options, Table table)
    {
        Outcome<UpdatableView> view = UpdatableView.Of(request.Catalog, table, WriteKind.Insert);
        const TriggerEvents All = TriggerEvents.Insert | TriggerEvents.Update | TriggerEvents.Delete;
        TriggerEvents taken = table.Writes ?? (options.WritesViews && !view.Failed ? All : TriggerEvents.None);
        bool hasKey = !view.Failed && !view.Value.Key().IsEmpty;
        return "OPTIONS,GET,HEAD"
            + (taken.HasFlag(TriggerEvents.Insert) ? ",POST" : "")
            + (hasKey && taken.HasFlag(TriggerEvents.Insert | TriggerEvents.Update) ? ",PUT" : "")
            + (taken.HasFlag(TriggerEvents.Update) ? ",PATCH" : "")
            + (taken.HasFlag(TriggerEvents.Delete) ? ",DELETE" : "");
    }

    public static Task OfFunction(RestRequest request, PlanOptions options, string name)
    {
        ImmutableArray<Routine> overloads = RoutineFinder.Overloads(request.Catalog, name, options);
        if (overloads.IsEmpty)
        {
            throw RoutineFinder.Find(request.Catalog, name, [], [], options).Error!.ToException();
        }
        bool isVolatile = overloads.All(r => !ReadPlanner.IsReadOnly(r));
        return AnswerAsync(request, isVolatile ? "OPTIONS,POST" : "OPTIONS,GET,HEAD,POST");
    }

    public static Task AnswerAsync(RestRequest request, string allowed)
    {
        HttpResponse response = request.Http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.Headers.Allow = allowed;
        response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
