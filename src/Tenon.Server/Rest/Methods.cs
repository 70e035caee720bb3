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
        bool isView = table.Kind == RelationKind.View;
        UpdatableView? view = isView && options.WritesViews && UpdatableView.Of(request.Catalog, table, WriteKind.Insert).TryGet(out UpdatableView found, out _)
            ? found
            : null;
        bool hasKey = isView ? view?.Key().IsEmpty == false : table.PrimaryKey is not null;
        string allowed = table switch
        {
            _ when isView && view is null => "OPTIONS,GET,HEAD",
            _ when !hasKey => "OPTIONS,GET,HEAD,POST,PATCH,DELETE",
            _ => "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE",
        };
        return AnswerAsync(request, allowed);
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
