using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>Finds the device that the options ask for and prepares sessions for it.</summary>
internal sealed class DeviceSetup
{
    private const string CpuProvider = "CPUExecutionProvider";
    private const string CudaProvider = "CUDAExecutionProvider";
    private const string RegistrationName = "ClipFunctions.Cuda";

    private static readonly Lock RegistrationLock = new();
    private static string? _registeredLibrary;

    private readonly Action<SessionOptions> _append;

    private DeviceSetup(ModelDevice device, Action<SessionOptions> append)
    {
        Device = device;
        _append = append;
    }

    public ModelDevice Device { get; }

    public static DeviceSetup Find(ClipModelOptions options)
    {
        // Made before anything else of the runtime's, so that it is ours and quiet.
        _ = OnnxEnvironment.Instance;
        string wanted = options.Device.Trim().ToLowerInvariant();
        if (wanted == "cpu")
        {
            return Cpu(null);
        }

        int index = 0;
        bool auto = wanted == "auto";
        bool cuda = wanted == "cuda" || (wanted.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(wanted.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index));
        if (!auto && !cuda)
        {
            throw new ArgumentException($"Device '{options.Device}' is not known: expected auto, cpu, cuda or cuda:n.", nameof(options));
        }

        try
        {
            return Cuda(options, index);
        }
        catch (DeviceUnavailableException exception) when (auto)
        {
            return Cpu(exception.Message);
        }
    }

    public void Prepare(SessionOptions session) => _append(session);

    private static DeviceSetup Cpu(string? reason)
        => new(new ModelDevice { Name = "cpu", Provider = CpuProvider, FallbackReason = reason }, static _ => { });

    private static DeviceSetup Cuda(ClipModelOptions options, int index)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"cuda:{index}");
        DeviceSetup setup = options.CudaProviderLibrary is { Length: > 0 } library ? Plugin(name, library, index) : BuiltIn(name, index, options.Cuda);
        try
        {
            // Loads the provider and its libraries, so that what is missing shows now and not at the first picture.
            using SessionOptions probe = new();
            setup.Prepare(probe);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new DeviceUnavailableException(name, exception.Message, exception);
        }

        return setup;
    }

    private static DeviceSetup BuiltIn(string name, int index, CudaOptions cuda)
    {
        if (!OnnxEnvironment.Instance.GetAvailableProviders().Contains(CudaProvider))
        {
            throw new DeviceUnavailableException(name, "this build's ONNX Runtime has no CUDA provider. Build with -p:AzurePackages=true (Microsoft.ML.OnnxRuntime.Gpu), or name a CUDA provider library.");
        }

        return new DeviceSetup(new ModelDevice { Name = name, Provider = CudaProvider }, session =>
        {
            using OrtCUDAProviderOptions provider = new();
            provider.UpdateOptions(cuda.ToProviderOptions(index));
            session.AppendExecutionProvider_CUDA(provider);
        });
    }

    private static DeviceSetup Plugin(string name, string library, int index)
    {
        string path = Path.GetFullPath(library);
        if (!File.Exists(path))
        {
            throw new DeviceUnavailableException(name, $"there is no CUDA provider library {path}.");
        }

        OrtEnv environment = OnnxEnvironment.Instance;
        try
        {
            lock (RegistrationLock)
            {
                if (_registeredLibrary is null)
                {
                    environment.RegisterExecutionProviderLibrary(RegistrationName, path);
                    _registeredLibrary = path;
                }
                else if (_registeredLibrary != path)
                {
                    throw new DeviceUnavailableException(name, $"another CUDA provider library is in use in this process: {_registeredLibrary}.");
                }
            }
        }
        catch (OnnxRuntimeException exception)
        {
            throw new DeviceUnavailableException(name, $"the CUDA provider library {path} does not load: {exception.Message}", exception);
        }

        OrtEpDevice[] devices = [.. environment.GetEpDevices().Where(device => device.HardwareDevice.Type == OrtHardwareDeviceType.GPU && device.EpName.Contains("cuda", StringComparison.OrdinalIgnoreCase))];
        if (index >= devices.Length)
        {
            throw new DeviceUnavailableException(name, $"the CUDA provider library {path} finds {devices.Length} GPU(s).");
        }

        OrtEpDevice chosen = devices[index];
        return new DeviceSetup(
            new ModelDevice { Name = name, Provider = chosen.EpName },
            session => session.AppendExecutionProvider(OnnxEnvironment.Instance, [chosen], new Dictionary<string, string>()));
    }
}
