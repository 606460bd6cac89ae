metadata description = 'The Functions app on Azure Container Apps, with one serverless GPU for each replica.'

@description('The app\'s name.')
param name string

@description('The environment\'s name.')
param environmentName string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('The GPU of each replica.')
@allowed(['T4', 'A100'])
param gpu string

@description('The image, with its registry and tag.')
param image string

@description('The registry\'s address.')
param registryServer string

@description('The app\'s identity.')
param identityId string

@description('The Log Analytics workspace that console and system logs go to.')
param workspaceId string

@description('The storage account whose queues the app is scaled by.')
param storageName string

@description('The queue that uploads\' events pass through.')
param blobTriggerQueue string

@description('The app\'s settings; no secrets.')
param settings object

@description('The fewest replicas.')
@minValue(0)
param minReplicas int

@description('The most replicas.')
@minValue(1)
param maxReplicas int

@description('When the sleeping app is woken for its schedule.')
param wakeWindow { start: string, end: string }?

@description('Whether the app is reached from the internet.')
param publicIngress bool

@description('The addresses that may reach the app; empty for all.')
param allowedAddresses array

@description('The environment\'s subnet, delegated to Microsoft.App/environments; empty: none.')
param subnetId string

var port = 8080
var profiles = {
  T4: { type: 'Consumption-GPU-NC8as-T4', cpu: '8', memory: '56Gi' }
  A100: { type: 'Consumption-GPU-NC24-A100', cpu: '24', memory: '220Gi' }
}
var profile = profiles[gpu]

// The platform's own rule for blob triggers counts a container's blobs, and uploads stay where they are: the app would never sleep.
// So it is scaled by the queue that the trigger's events pass through.
var queueRules = [
  { name: 'uploads', queue: blobTriggerQueue, length: 256 }
  { name: 'evaluations', queue: 'clip-evaluations', length: 4 }
  { name: 'shards', queue: 'clip-evaluation-shards', length: 4 }
  { name: 'fits', queue: 'clip-evaluation-fits', length: 4 }
]
var wakeRules = wakeWindow == null
  ? []
  : [
      {
        name: 'schedule'
        custom: {
          type: 'cron'
          metadata: { timezone: 'Etc/UTC', start: wakeWindow!.start, end: wakeWindow!.end, desiredReplicas: '1' }
        }
      }
    ]

resource appEnvironment 'Microsoft.App/managedEnvironments@2026-07-01' = {
  name: environmentName
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: !publicIngress }
    workloadProfiles: [
      { name: 'Consumption', workloadProfileType: 'Consumption' }
      { name: 'gpu', workloadProfileType: profile.type }
    ]
    zoneRedundant: false
  }
}

// With azure-monitor as destination no workspace key is needed.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: appEnvironment
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

resource app 'Microsoft.App/containerApps@2026-07-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: appEnvironment.id
    workloadProfileName: 'gpu'
    configuration: {
      // Revisions side by side would share receipts and queues.
      activeRevisionsMode: 'Single'
      maxInactiveRevisions: 5
      registries: [{ server: registryServer, identity: identityId }]
      ingress: {
        external: publicIngress
        targetPort: port
        transport: 'auto'
        allowInsecure: false
        ipSecurityRestrictions: [
          for (range, i) in allowedAddresses: { name: 'allow-${i}', action: 'Allow', ipAddressRange: range }
        ]
      }
    }
    template: {
      terminationGracePeriodSeconds: 120
      containers: [
        {
          name: 'app'
          image: image
          resources: { cpu: json(profile.cpu), memory: profile.memory }
          env: map(items(settings), setting => { name: setting.key, value: string(setting.value) })
          probes: [
            {
              // The first start on a machine fetches and converts the model: up to ten minutes.
              type: 'Startup'
              httpGet: { path: '/api/health/live', port: port }
              periodSeconds: 60
              timeoutSeconds: 5
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: { path: '/api/health/live', port: port }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 5
            }
            {
              // Runs both towers and asks storage.
              type: 'Readiness'
              httpGet: { path: '/api/health/ready', port: port }
              periodSeconds: 30
              timeoutSeconds: 20
              failureThreshold: 4
            }
          ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        pollingInterval: 15
        cooldownPeriod: 300
        allowScalingRuleOverride: true
        rules: concat(
          [{ name: 'http', http: { metadata: { concurrentRequests: '32' } } }],
          map(queueRules, rule => {
            name: rule.name
            azureQueue: {
              accountName: storageName
              queueName: rule.queue
              queueLength: rule.length
              identity: identityId
            }
          }),
          wakeRules
        )
      }
    }
  }
}

@description('The app\'s name.')
output name string = app.name

@description('The app\'s host name.')
output hostName string = app.properties.configuration.ingress.fqdn
