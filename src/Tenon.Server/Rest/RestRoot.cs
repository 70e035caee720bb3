using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;

namespace Tenon.Server.Rest;

/// <summary>GET /rest/v1/: the OpenAPI document.</summary>
internal sealed class RestRoot(RestOptions options, RootDocuments documents)
{
    public async Task RunAsync(RestRequest request)
    {
        string method = request.Http.Request.Method;
        if (method == "OPTIONS")
        {
            await Methods.AnswerAsync(request, "OPTIONS,GET,HEAD");
            return;
        }
        if (method is not ("GET" or "HEAD"))
        {
            throw new Error(ErrorCodes.MethodNotAllowed, $"Unsupported HTTP method: {method}").ToException();
        }
        if (request.Answer.Form is not (AnswerForm.OpenApi or AnswerForm.Json) || request.Answer.StripNulls)
        {
            throw MediaTypes.NotAvailable(request.Http.Request.Headers.Accept.ToString()).ToException();
        }
        if (!options.OpenApi)
        {
            throw new Error(ErrorCodes.RootDisabled, "Root endpoint metadata is disabled").ToException();
        }
        await request.RunPreRequestAsync();
        ReadOnlyMemory<byte> text = documents.Of(request.Catalog, request.Schema, request.Caller);
        HttpResponse response = request.Http.Response;
        request.StartAnswer(StatusCodes.Status200OK, null);
        response.ContentType = new Answer(AnswerForm.OpenApi, false).ContentType;
        if (!request.IsHead)
        {
            response.ContentLength = text.Length;
            await response.Body.WriteAsync(text, request.Aborted);
        }
    }
}
