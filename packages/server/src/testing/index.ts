// The entry `holdline/testing`: contract suites for engines, brokers and what carries between workers; a memory engine
// and a memory mesh; a clock that is told the time; the simulation.

export { FakeClock } from '../engines/memory/fake-clock.ts'
export { MemoryEngine } from '../engines/memory/memory-engine.ts'
export type { MemoryRequest } from '../engines/memory/memory-engine.ts'
export { MemoryPeer } from '../engines/memory/memory-line.ts'
export { brokerCases, brokerCasesFor, brokerContract, runBrokerCase } from './broker-contract.ts'
export type {
  BrokerCase,
  BrokerFaults,
  BrokerGroup,
  BrokerHarness,
  BrokerStand,
} from './broker-harness.ts'
export type { BrokerParticipant } from './broker-participant.ts'
export { engineCases, engineContract, runCase } from './engine-contract.ts'
export type { EngineHarness, RunningEngine, WireLine, WireRequest } from './engine-harness.ts'
export type { ContractServer, EngineCase, Serve } from './contract-server.ts'
export { MemoryMesh, REGISTRY } from './memory-mesh.ts'
export type { MemoryMeshLine, MemoryMeshOptions } from './memory-mesh.ts'
export { runWorkerMeshCase, workerMeshCases, workerMeshContract } from './worker-mesh-contract.ts'
export type {
  WorkerMeshCase,
  WorkerMeshGroup,
  WorkerMeshHarness,
  WorkerMeshParticipant,
} from './worker-mesh-contract.ts'
export { memoryHarness } from './memory-harness.ts'
export { tcpHarness } from './tcp-harness.ts'
export { wireClosePayload, wireFrame, WireFrameReader } from './wire-frame.ts'
export type { WireFrame, WireFrameOptions } from './wire-frame.ts'
export { WirePeer } from './wire-peer.ts'
export { Chaos, faultKinds } from './simulation/chaos.ts'
export type { ChaosOptions, FaultKind } from './simulation/chaos.ts'
export { EventLog } from './simulation/event-log.ts'
export { ReliabilityChecker } from './simulation/reliability-checker.ts'
export type { ReliabilityReport } from './simulation/reliability-checker.ts'
export { SeededRandom } from './simulation/seeded-random.ts'
export { SimulatedBroker } from './simulation/simulated-broker.ts'
export { SimulatedBrokerServer } from './simulation/simulated-broker-server.ts'
export { SimulatedClient } from './simulation/simulated-client.ts'
export type { SimulatedClientEvents } from './simulation/simulated-client.ts'
export { SimulatedNetwork } from './simulation/simulated-network.ts'
export type { NetworkCounters, NetworkPlace, Weather } from './simulation/simulated-network.ts'
export { SimulatedProcess } from './simulation/simulated-process.ts'
export type { ProcessOptions } from './simulation/simulated-process.ts'
export { SimulatedWebSocket } from './simulation/simulated-web-socket.ts'
export type {
  SimulatedClose,
  SimulatedEnvironment,
  SimulatedMessage,
} from './simulation/simulated-web-socket.ts'
export { simulate, Simulation } from './simulation/simulation.ts'
export type { SimulatedClientOptions, SimulationOptions } from './simulation/simulation.ts'
