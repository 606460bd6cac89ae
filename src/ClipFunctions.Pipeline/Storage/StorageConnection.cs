using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>
/// Clients of one storage account, opened from a setting in any of the forms that Azure Functions connections take:
/// a connection string (<c>UseDevelopmentStorage=true</c> included), or <c>{name}:accountName</c>, or
/// <c>{name}:blobServiceUri</c> with <c>{name}:queueServiceUri</c>, the latter two with
/// <see cref="DefaultAzureCredential"/> (<c>{name}:clientId</c> picks a user-assigned identity).
/// </summary>
public sealed class StorageConnection
{
    private StorageConnection(string name, BlobServiceClient blobs, Func<QueueClientOptions, QueueServiceClient> queues)
    {
        Name = name;
        Blobs = blobs;
        Queues = queues(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        RawQueues = queues(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
    }

    /// <summary>The setting's name.</summary>
    public string Name { get; }

    /// <summary>The account's blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>The account's queues, to send to: messages become Base64, as queue triggers expect them.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>The account's queues, to receive from: messages as they stand there (<see cref="QueueText"/>). A client that decodes fails with all messages of a batch if one is not Base64.</summary>
    public QueueServiceClient RawQueues { get; }

    /// <summary>Opens the connection that the setting <paramref name="name"/> describes; no request is sent yet.</summary>
    /// <exception cref="InvalidSettingException">The setting is absent or in none of the known forms.</exception>
    public static StorageConnection FromConfiguration(IConfiguration configuration, string name)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentException.ThrowIfNullOrEmpty(name);
        BlobClientOptions blobOptions = new();

        IConfigurationSection section = configuration.GetSection(name);
        if ((section.Value ?? configuration.GetConnectionString(name)) is { Length: > 0 } connectionString)
        {
            try
            {
                return new StorageConnection(
                    name,
                    new BlobServiceClient(connectionString, blobOptions),
                    options => new QueueServiceClient(connectionString, options));
            }
            catch (FormatException exception)
            {
                throw new InvalidSettingException(name, $"Setting '{name}' is not a storage connection string: {exception.Message}", exception);
            }
        }

        Uri? blobUri = ServiceUri(section, "blobServiceUri", "blob");
        Uri? queueUri = ServiceUri(section, "queueServiceUri", "queue");
        if (blobUri is null || queueUri is null)
        {
            throw new InvalidSettingException(
                name,
                $"Setting '{name}' is missing: give a connection string (locally 'UseDevelopmentStorage=true'), " +
                $"or '{name}:accountName', or '{name}:blobServiceUri' and '{name}:queueServiceUri'.");
        }

        TokenCredential credential = new DefaultAzureCredential(new DefaultAzureCredentialOptions
        {
            ManagedIdentityClientId = section["clientId"],
        });
        return new StorageConnection(
            name,
            new BlobServiceClient(blobUri, credential, blobOptions),
            options => new QueueServiceClient(queueUri, credential, options));
    }

    private static Uri? ServiceUri(IConfigurationSection section, string key, string service)
    {
        if (section[key] is { Length: > 0 } uri)
        {
            return Uri.TryCreate(uri, UriKind.Absolute, out Uri? address)
                ? address
                : throw new InvalidSettingException(section.Key, $"Setting '{section.Path}:{key}' is '{uri}'; it must be an address such as https://account.{service}.core.windows.net.");
        }

        return section["accountName"] is { Length: > 0 } account
            ? new Uri($"https://{account}.{service}.core.windows.net")
            : null;
    }
}
