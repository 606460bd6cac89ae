using ClipFunctions.FunctionsTestHost.Protocol;
using Grpc.Core;

namespace ClipFunctions.FunctionsTestHost;

/// <summary>The service that workers connect to.</summary>
internal sealed class WorkerRpc(FunctionsHost host) : FunctionRpc.FunctionRpcBase
{
    public override Task EventStream(IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context) =>
        host.Connecting.RunAsync(requestStream, responseStream, context.CancellationToken);
}
