// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock for Aspeed's AST1030 EVB with a W25Q256 on the FMC, as QEMU's machine `ast1030-evb`
//! has it. `doc/qemu.md` says how to run it.
//!
//! - Apps have the flash at 0x50005, and isolated storage in it at 0x50004.
//! - An app's id is made of its name, so that regions and storage belong to it for good.
//! - What happens to an app that faults, whether there is a process console, and whether the
//!   kernel ends with its apps, is said by [`options`].

#![no_std]
#![no_main]

mod busy;
mod cs1_spi;
mod emulated;
mod last_words;
mod options;
mod run;
mod storm;

use crate::busy::Busy;
use crate::cs1_spi::{Cs1, Cs1Spi, NoPin};
use crate::emulated::Emulated;
use crate::last_words::LastWords;
use crate::options::Options;
use crate::run::{EndingScheduler, Patience, Witnesses};
use crate::storm::Storm;
use aspeed_fmc::{Fmc, LengthRegister};
use ast1030::{Ast1030, Counter, chip, interrupts};
use capsules_core::virtualizers::virtual_alarm::VirtualMuxAlarm;
use core::fmt::Write;
use core::panic::PanicInfo;
use core::ptr::{addr_of, addr_of_mut, with_exposed_provenance};
use cortexm4f::dma_fence::CortexMDmaFence;
use kernel::component::Component;
use kernel::debug::PanicResources;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::Alarm;
use kernel::platform::chip::{Chip, InterruptService, PanicWriter};
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::process::ProcessFaultPolicy;
use kernel::syscall::SyscallDriver;
use kernel::utilities::StaticRef;
use kernel::utilities::io_write::IoWrite;
use kernel::utilities::single_thread_value::SingleThreadValue;
use kernel::{Kernel, capabilities, create_capability, debug, static_init};
use qspi_hil::Controller;
use spi_nor::region::{Access, Region};
use spi_nor_components::isolated_storage::{IsolatedStorage, IsolatedStorageComponent};
use spi_nor_components::report::{Detail, ReportComponent};
use spi_nor_components::short_id;
use spi_nor_components::spi_nor::{SpiNorComponent, SpiNorDevice};
use spi_nor_components::storage::SpiNorStorageComponent;
use spi_nor_components::sweeping_scheduler::{SweepingSchedulerComponent, SweepingSchedulerType};
use spi_nor_components::test_regions;

/// How long the flash stays powered with leases held and nothing to do, in µs. In runs that end it
/// stays powered as long as a lease is held, so that it shows if one is not given back.
const IDLE_US: u32 = 100_000;

// The flash's 32 MiB: regions of the userland tests, those of this board's own tests,
// and isolated storage beyond what three address bytes reach.
const REGIONS_START: u32 = 0x20_0000;
const OWN_REGIONS_START: u32 = 0x80_0000;
const OWN_REGION: u32 = 0x4_0000;
const OWN_APPS: [&str; 7] = [
    "churn-a",
    "churn-b",
    "erase-on",
    "journal",
    "measure",
    "fault-mpu",
    "holder",
];
const ISOLATED_START: u32 = 0x100_0000;
const ISOLATED_LENGTH: u32 = 0x10_0000;
/// What an app gets of the isolated storage, in bytes.
const ISOLATED_SHARE: usize = 4096;
static REGIONS: [Region; test_regions::COUNT + OWN_APPS.len()] = regions();

/// Bytes of the other flash that apps have through upstream's driver.
const BESIDE_LENGTH: usize = 0x1_0000;

/// How many apps can run.
const NUM_PROCS: usize = 8;
/// How often an app that faults is restarted, less one: what the policy compares with.
const RESTARTS: usize = 4;
static STOP: capsules_system::process_policies::StopWithDebugFaultPolicy =
    capsules_system::process_policies::StopWithDebugFaultPolicy {};
static RESTART: capsules_system::process_policies::ThresholdRestartFaultPolicy =
    capsules_system::process_policies::ThresholdRestartFaultPolicy::new(RESTARTS);

type AlarmHw = ast1030::Alarm<'static>;
type UartHw = ast1030::Uart<'static>;
type VirtualAlarm = VirtualMuxAlarm<'static, AlarmHw>;
type FmcHw = Fmc<'static, aspeed_fmc::Mmio, CortexMDmaFence, VirtualAlarm>;
type EmulatedHw = Emulated<FmcHw, VirtualAlarm>;
type DeviceHw = SpiNorDevice<EmulatedHw, AlarmHw>;
/// Upstream's flash driver, and apps' storage on top of it.
type Mx25 = components::mx25r6435f::Mx25r6435fComponentType<Cs1Spi, NoPin, AlarmHw>;
type Beside = capsules_extra::nonvolatile_storage_driver::NonvolatileStorage<'static>;
type LowLevelDebug = capsules_core::low_level_debug::LowLevelDebug<
    'static,
    capsules_core::virtualizers::virtual_uart::UartDevice<'static>,
>;
type ChipHw = Ast1030<'static, Interrupts>;
type Printer = capsules_system::process_printer::ProcessPrinterText;
type RoundRobin = components::sched::round_robin::RoundRobinComponentType;
type SchedulerHw = EndingScheduler<SweepingSchedulerType<RoundRobin>, RoundRobin>;

static PANIC_RESOURCES: SingleThreadValue<PanicResources<ChipHw, Printer>> =
    SingleThreadValue::new();

kernel::stack_size! {0x4000}

/// No address of this chip, and hardly a number.
const STACK_PAINT: u32 = 0xDEAD_57AC;
/// What is left unpainted below the frame of whoever paints, in words.
const STACK_MARGIN: usize = 64;

const fn regions() -> [Region; test_regions::COUNT + OWN_APPS.len()] {
    let shared = test_regions::from(REGIONS_START);
    let mut all = [shared[0]; test_regions::COUNT + OWN_APPS.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = if index < shared.len() {
            shared[index]
        } else {
            let own = index - shared.len();
            Region {
                app: short_id::of_name(OWN_APPS[own]),
                start: OWN_REGIONS_START + own as u32 * OWN_REGION,
                length: OWN_REGION,
                access: Access::ReadWrite,
            }
        };
        index += 1;
    }
    all
}

/// Who serves which interrupt.
struct Interrupts {
    uart: &'static UartHw,
    alarm: &'static AlarmHw,
    fmc: &'static FmcHw,
}

impl InterruptService for Interrupts {
    fn service_interrupt(&self, interrupt: u32) -> bool {
        match interrupt {
            interrupts::UART5 => self.uart.handle_interrupt(),
            interrupts::ALARM => self.alarm.handle_interrupt(),
            interrupts::FMC => self.fmc.handle_interrupt(),
            _ => return false,
        }
        true
    }
}

struct Platform {
    console: &'static components::console::ConsoleComponentType,
    alarm: &'static components::alarm::AlarmDriverComponentType<AlarmHw>,
    low_level_debug: &'static LowLevelDebug,
    spi_nor: &'static spi_nor::driver::Driver<'static>,
    isolated_storage: &'static IsolatedStorage<ISOLATED_SHARE>,
    busy: &'static Busy,
    beside: Option<&'static Beside>,
    scheduler: &'static SchedulerHw,
    systick: cortexm4f::systick::SysTick,
}

impl SyscallDriverLookup for Platform {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        match driver_num {
            capsules_core::console::DRIVER_NUM => f(Some(self.console)),
            capsules_core::alarm::DRIVER_NUM => f(Some(self.alarm)),
            capsules_core::low_level_debug::DRIVER_NUM => f(Some(self.low_level_debug)),
            spi_nor::driver::DRIVER_NUM => f(Some(self.spi_nor)),
            capsules_extra::isolated_nonvolatile_storage_driver::DRIVER_NUM => {
                f(Some(self.isolated_storage))
            }
            busy::DRIVER_NUM => f(Some(self.busy)),
            capsules_extra::nonvolatile_storage_driver::DRIVER_NUM => match self.beside {
                Some(beside) => f(Some(beside)),
                None => f(None),
            },
            _ => f(None),
        }
    }
}

impl KernelResources<ChipHw> for Platform {
    type SyscallDriverLookup = Self;
    type SyscallFilter = ();
    type ProcessFault = ();
    type ContextSwitchCallback = ();
    type Scheduler = SchedulerHw;
    type SchedulerTimer = cortexm4f::systick::SysTick;
    type WatchDog = Busy;

    fn syscall_driver_lookup(&self) -> &Self {
        self
    }

    fn syscall_filter(&self) -> &() {
        &()
    }

    fn process_fault(&self) -> &() {
        &()
    }

    fn context_switch_callback(&self) -> &() {
        &()
    }

    fn scheduler(&self) -> &SchedulerHw {
        self.scheduler
    }

    fn scheduler_timer(&self) -> &cortexm4f::systick::SysTick {
        &self.systick
    }

    fn watchdog(&self) -> &Busy {
        self.busy
    }
}

/// What the loader has put where [`options`] are.
fn loader_words() -> [u32; 4] {
    // SAFETY: the SRAM is there, and nothing but the loader writes to these words.
    unsafe { with_exposed_provenance::<[u32; 4]>(options::ADDRESS).read_volatile() }
}

/// Ends the emulator with this status, by Arm's semihosting. A chip without a debugger faults.
fn exit(status: u32) -> ! {
    const SYS_EXIT_EXTENDED: usize = 0x20;
    const APPLICATION_EXIT: usize = 0x2_0026;
    let why = [APPLICATION_EXIT, status as usize];
    // SAFETY: SYS_EXIT_EXTENDED reads the two words at r1 and does not return. A core that
    // nobody listens to takes the breakpoint as a fault.
    unsafe {
        core::arch::asm!(
            "bkpt #0xab",
            in("r0") SYS_EXIT_EXTENDED,
            in("r1") why.as_ptr(),
            options(nostack),
        );
    }
    loop {
        cortexm4f::support::nop();
    }
}

impl PanicWriter for LastWords {
    type Config = ();

    unsafe fn create_panic_writer((): ()) -> impl IoWrite + Write {
        LastWords::new()
    }
}

/// Sets everything up. Not inlined, so that its stack frame is gone when apps run.
///
/// # Safety
/// To be called once, on an AST1030, before anything else.
#[inline(never)]
unsafe fn start() -> (&'static Kernel, Platform, &'static ChipHw) {
    ChipHw::init();
    kernel::deferred_call::initialize_deferred_call_state::<<ChipHw as Chip>::ThreadIdProvider>();
    // Nobody has bound it before.
    let _bound =
        PANIC_RESOURCES.bind_to_thread::<<ChipHw as Chip>::ThreadIdProvider>(PanicResources::new());
    let options = Options::of(loader_words());

    let processes = components::process_array::ProcessArrayComponent::new()
        .finalize(components::process_array_component_static!(NUM_PROCS));
    if let Some(resources) = PANIC_RESOURCES.get() {
        resources.processes.put(processes.as_slice());
    }
    let board_kernel = static_init!(Kernel, Kernel::new(processes.as_slice()));

    //----------------------------------------------------------------------------------------
    // Alarms and the console
    //----------------------------------------------------------------------------------------

    let alarm_hw = static_init!(AlarmHw, AlarmHw::new(chip::TIMERS));
    alarm_hw.start();
    let mux_alarm = components::alarm::AlarmMuxComponent::new(alarm_hw)
        .finalize(components::alarm_mux_component_static!(AlarmHw));
    let alarm = components::alarm::AlarmDriverComponent::new(
        board_kernel,
        capsules_core::alarm::DRIVER_NUM,
        mux_alarm,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::alarm_component_static!(AlarmHw));

    let uart = static_init!(UartHw, UartHw::new(chip::UART5));
    let uart_mux = components::console::UartMuxComponent::new(uart, 115200)
        .finalize(components::uart_mux_component_static!());
    let printer = components::process_printer::ProcessPrinterTextComponent::new()
        .finalize(components::process_printer_text_component_static!());
    if let Some(resources) = PANIC_RESOURCES.get() {
        resources.printer.put(printer);
    }
    kernel::create_typed_capability!(console_capability, ProcessConsoleCapability:
        kernel::capabilities::ProcessManagementCapability,
        kernel::capabilities::ProcessStartCapability
    );
    let process_console = components::process_console::ProcessConsoleComponent::new(
        board_kernel,
        uart_mux,
        mux_alarm,
        printer,
        Some(cortexm4f::support::reset),
        console_capability,
    )
    .finalize(components::process_console_component_static!(
        AlarmHw,
        ProcessConsoleCapability
    ));
    let console = components::console::ConsoleComponent::new(
        board_kernel,
        capsules_core::console::DRIVER_NUM,
        uart_mux,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::console_component_static!());
    components::debug_writer::DebugWriterComponent::new::<<ChipHw as Chip>::ThreadIdProvider>(
        uart_mux,
        create_capability!(capabilities::SetDebugWriterCapability),
    )
    .finalize(components::debug_writer_component_static!());
    let low_level_debug = components::lldb::LowLevelDebugComponent::new(
        board_kernel,
        capsules_core::low_level_debug::DRIVER_NUM,
        uart_mux,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::low_level_debug_component_static!());

    //----------------------------------------------------------------------------------------
    // The flash
    //----------------------------------------------------------------------------------------

    // SAFETY: this is an AST1030 that runs from SRAM. Nobody else has the DMA's registers, nor those
    // of chip select 0: what asks for registers below keeps to chip select 1's.
    let registers = unsafe { aspeed_fmc::Mmio::new() };
    // SAFETY: this is a Cortex-M.
    let fence = unsafe { CortexMDmaFence::new() };
    // One data line: QEMU's W25Q256 has no quad enable bit that stays set.
    let config = aspeed_fmc::Config {
        length: if options.emulated {
            LengthRegister::ByReadingBack
        } else {
            LengthRegister::BytesLessOne
        },
        ..aspeed_fmc::Config::new()
    };
    let grant_alarm = static_init!(VirtualAlarm, VirtualAlarm::new(mux_alarm));
    grant_alarm.setup();
    let fmc = static_init!(FmcHw, FmcHw::new(registers, fence, grant_alarm, config));
    fmc.register();
    grant_alarm.set_alarm_client(fmc);
    let wire_alarm = static_init!(VirtualAlarm, VirtualAlarm::new(mux_alarm));
    wire_alarm.setup();
    let emulated = static_init!(
        EmulatedHw,
        EmulatedHw::new(fmc, wire_alarm, options.emulated, !options.measure)
    );
    fmc.set_client(emulated);
    wire_alarm.set_alarm_client(emulated);
    let spi_nor = SpiNorComponent::new(
        board_kernel,
        spi_nor::driver::DRIVER_NUM,
        emulated,
        mux_alarm,
        &REGIONS,
        spi_nor::device::Config {
            idle_us: if options.end { u32::MAX } else { IDLE_US },
        },
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(spi_nor_components::spi_nor_component_static!(
        EmulatedHw, AlarmHw
    ));
    ReportComponent::new(spi_nor, emulated, Detail::Faults).finalize(
        spi_nor_components::spi_nor_report_component_static!(EmulatedHw, AlarmHw),
    );
    let storage = SpiNorStorageComponent::new(spi_nor.device, ISOLATED_START, ISOLATED_LENGTH)
        .finalize(spi_nor_components::spi_nor_storage_component_static!());
    let isolated_storage = IsolatedStorageComponent::new(
        board_kernel,
        capsules_extra::isolated_nonvolatile_storage_driver::DRIVER_NUM,
        storage,
        ISOLATED_LENGTH as usize,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(spi_nor_components::isolated_storage_component_static!(
        ISOLATED_SHARE
    ));

    let counter = Counter::new(chip::TIMERS);
    counter.start();
    let busy = static_init!(Busy, Busy::new(counter));
    let beside = options.measure.then(|| {
        // SAFETY: of these registers nobody else has chip select 1's; the others are only
        // written back as they are.
        let registers = unsafe { StaticRef::new(0x7E62_0000 as *const cs1_spi::Registers) };
        // SAFETY: the window is chip select 1's.
        let window = unsafe { StaticRef::new(0x8800_0000 as *const cs1_spi::Window) };
        let spi = static_init!(Cs1Spi, Cs1Spi::new(registers, window, busy));
        spi.register();
        let mux_spi = components::spi::SpiMuxComponent::new(spi)
            .finalize(components::spi_mux_component_static!(Cs1Spi));
        let mx25 =
            components::mx25r6435f::Mx25r6435fComponent::new(None, None, Cs1, mux_alarm, mux_spi)
                .finalize(components::mx25r6435f_component_static!(
                    Cs1Spi, NoPin, AlarmHw
                ));
        let beside: &'static Beside =
            components::nonvolatile_storage::NonvolatileStorageComponent::new(
                board_kernel,
                capsules_extra::nonvolatile_storage_driver::DRIVER_NUM,
                mx25,
                0,
                BESIDE_LENGTH,
                BESIDE_LENGTH,
                BESIDE_LENGTH,
                create_capability!(capabilities::MemoryAllocationCapability),
            )
            .finalize(components::nonvolatile_storage_component_static!(Mx25));
        beside
    });

    let storm = options.storm.map(|(rounds, seed)| {
        let alarm = static_init!(VirtualAlarm, VirtualAlarm::new(mux_alarm));
        alarm.setup();
        let storm: &'static Storm =
            static_init!(Storm, Storm::new(spi_nor.device, fmc, alarm, rounds, seed));
        alarm.set_alarm_client(storm);
        spi_nor.device.set_rest_client(storm);
        storm.start();
        storm
    });

    //----------------------------------------------------------------------------------------
    // The chip, and the apps
    //----------------------------------------------------------------------------------------

    let service = static_init!(
        Interrupts,
        Interrupts {
            uart,
            alarm: alarm_hw,
            fmc
        }
    );
    // SAFETY: the only one.
    let chip = unsafe { Ast1030::new(service) };
    let chip = static_init!(ChipHw, chip);
    if let Some(resources) = PANIC_RESOURCES.get() {
        resources.chip.put(chip);
    }

    let round_robin: &'static RoundRobin =
        components::sched::round_robin::RoundRobinComponent::new(processes)
            .finalize(components::round_robin_component_static!(NUM_PROCS));
    let sweeping = SweepingSchedulerComponent::new(round_robin, spi_nor.driver).finalize(
        spi_nor_components::sweeping_scheduler_component_static!(RoundRobin),
    );
    let witnesses = options.end.then(|| {
        let alarm = static_init!(VirtualAlarm, VirtualAlarm::new(mux_alarm));
        alarm.setup();
        let patience = static_init!(Patience, Patience::new(alarm));
        alarm.set_alarm_client(patience);
        patience.look_again();
        Witnesses {
            kernel: board_kernel,
            device: spi_nor.device,
            driver: spi_nor.driver,
            fmc,
            uart,
            alarm: alarm_hw,
            storm,
            patience,
        }
    });
    let plain = options.unswept.then_some(round_robin);
    let scheduler = static_init!(
        SchedulerHw,
        EndingScheduler::new(sweeping, plain, witnesses)
    );

    let checking_policy = components::appid::checker_null::AppCheckerNullComponent::new()
        .finalize(components::app_checker_null_component_static!());
    let assigner = components::appid::assigner_name::AppIdAssignerNamesComponent::new()
        .finalize(components::appid_assigner_names_component_static!());
    let checker = components::appid::checker::ProcessCheckerMachineComponent::new(checking_policy)
        .finalize(components::process_checker_machine_component_static!());
    kernel::create_typed_capability!(storage_capability, AppStorageCapability:
        kernel::capabilities::ApplicationStorageCapability
    );
    let storage_policy =
        components::storage_permissions::individual::StoragePermissionsIndividualComponent::new(
            storage_capability,
        )
        .finalize(
            components::storage_permissions_individual_component_static!(
                ChipHw,
                kernel::process::ProcessStandardDebugFull,
                AppStorageCapability
            ),
        );

    // Made by the linker, see tock_kernel_layout.ld.
    unsafe extern "C" {
        static _sapps: u8;
        static _eapps: u8;
        static mut _sappmem: u8;
        static _eappmem: u8;
    }
    // SAFETY: from here to there are the apps, which nothing writes to.
    let app_flash = unsafe {
        core::slice::from_raw_parts(
            addr_of!(_sapps),
            addr_of!(_eapps) as usize - addr_of!(_sapps) as usize,
        )
    };
    // SAFETY: from here to there is the RAM for apps, which nothing else has a reference to.
    let app_memory = unsafe {
        core::slice::from_raw_parts_mut(
            addr_of_mut!(_sappmem),
            addr_of!(_eappmem) as usize - addr_of!(_sappmem) as usize,
        )
    };
    let fault_policy: &'static dyn ProcessFaultPolicy =
        if options.restart { &RESTART } else { &STOP };
    components::loader::sequential::ProcessLoaderSequentialComponent::new(
        checker,
        board_kernel,
        chip,
        fault_policy,
        assigner,
        storage_policy,
        app_flash,
        app_memory,
        create_capability!(capabilities::ProcessManagementCapability),
    )
    .finalize(components::process_loader_sequential_component_static!(
        ChipHw,
        kernel::process::ProcessStandardDebugFull,
        NUM_PROCS
    ));

    if options.console {
        // Without it the board works, too.
        let _console_started = process_console.start();
    }
    debug!("tock-qspi on AST1030 EVB: set up, entering the main loop");

    let platform = Platform {
        console,
        alarm,
        low_level_debug,
        spi_nor: spi_nor.driver,
        isolated_storage,
        busy,
        beside,
        scheduler,
        systick: cortexm4f::systick::SysTick::new_with_calibration(200_000_000),
    };
    (board_kernel, platform, chip)
}

// Made by the linker, see tock_kernel_layout.ld.
unsafe extern "C" {
    static mut _sstack: u32;
}

/// Paints the stack below the caller's frame, so that it shows how much of it is used.
///
/// # Safety
/// To be called in the main thread, whose stack is the kernel's.
#[inline(never)]
unsafe fn paint_stack() {
    let here = 0_u32;
    let bottom = addr_of_mut!(_sstack);
    let top = (&raw const here).addr();
    let words = top.saturating_sub(bottom.addr()) / 4;
    for index in 0..words.saturating_sub(STACK_MARGIN) {
        // SAFETY: from the stack's bottom to some way below the frame that we are in there is
        // nothing yet: the core's exceptions push at the top, and no interrupt is enabled.
        unsafe { bottom.add(index).write_volatile(STACK_PAINT) };
    }
}

/// Bytes of the stack that nobody ever wrote to since.
fn stack_never_used() -> usize {
    let here = 0_u32;
    let bottom = addr_of_mut!(_sstack);
    let words = (&raw const here).addr().saturating_sub(bottom.addr()) / 4;
    (0..words)
        // SAFETY: the stack is memory from its bottom to the frame that we are in.
        .take_while(|index| unsafe { bottom.add(*index).read_volatile() } == STACK_PAINT)
        .count()
        * 4
}

/// Called when the RAM is initialised.
///
/// # Safety
/// To be called once, by the start code.
#[unsafe(no_mangle)]
pub unsafe fn main() {
    let main_loop = create_capability!(capabilities::MainLoopCapability);
    // SAFETY: this is the kernel's stack.
    unsafe { paint_stack() };
    // SAFETY: this is the start.
    let (board_kernel, platform, chip) = unsafe { start() };
    let no_ipc: Option<&kernel::ipc::IPC<0>> = None;
    board_kernel.kernel_loop(&platform, chip, no_ipc, &main_loop);
}

/// Says on the UART what happened, and ends the emulator.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    // SAFETY: the kernel does nothing else any more.
    unsafe {
        kernel::debug::panic_print::<LastWords, _, _>(
            (),
            info,
            &cortexm4f::support::nop,
            PANIC_RESOURCES.get(),
        );
    }
    exit(101)
}
