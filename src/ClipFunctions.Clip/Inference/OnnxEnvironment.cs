using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>ONNX Runtime's process-wide environment: errors alone are logged, and nothing is sent home.</summary>
internal static class OnnxEnvironment
{
    private static readonly Lazy<OrtEnv> Environment = new(Create);

    public static OrtEnv Instance => Environment.Value;

    private static OrtEnv Create()
    {
        OrtEnv? environment = null;
        if (!OrtEnv.IsCreated)
        {
            try
            {
                EnvironmentCreationOptions options = new() { logId = "ClipFunctions", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
                environment = OrtEnv.CreateInstanceWithOptions(ref options);
            }
            catch (OnnxRuntimeException)
            {
                // Another user of the runtime in this process was quicker: its environment serves as well.
            }
        }

        environment ??= OrtEnv.Instance();
        environment.DisableTelemetryEvents();
        return environment;
    }
}
