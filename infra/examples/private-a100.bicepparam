// A100s, storage and registry in a virtual network, alerts by mail, evaluations every Sunday morning.
using '../main.bicep'

param environmentName = 'clip-private'
param location = 'swedencentral'
param hosting = 'gpu'
param gpu = 'A100'
param model = 'ViT-L-14/datacomp_xl_s13b_b90k:fp16'
param labelSetFile = '/home/site/wwwroot/labels/cifar100.json'
param privateNetworking = true
param storageSku = 'Standard_ZRS'
param maxReplicas = 4
param evaluationSchedule = '0 0 4 * * 0'
param wakeWindow = { start: '55 3 * * 0', end: '15 4 * * 0' }
param alertEmail = 'operator@example.com'
param image = 'example.azurecr.io/clip:cuda13'
