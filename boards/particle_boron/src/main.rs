// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock for Particle's Boron (nRF52840), with the MX25L3233F on the QSPI peripheral, which
//! upstream's board leaves unused.
//!
//! A small configuration, which shows how little the flash takes where its part is known: console and process console on the UART, alarms, an LED, and the flash.
//! The radios and the other peripherals are as upstream has them, and not here.

#![no_std]
#![no_main]

use core::panic::PanicInfo;
use core::ptr::{addr_of, addr_of_mut};
use kernel::component::Component;
use kernel::debug::PanicResources;
use kernel::hil::led::LedLow;
use kernel::hil::time::Counter;
use kernel::hil::uart;
use kernel::platform::chip::Chip;
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::syscall::SyscallDriver;
use kernel::utilities::single_thread_value::SingleThreadValue;
use kernel::{Kernel, capabilities, create_capability, debug, static_init};
use nrf52840::gpio::Pin;
use nrf52840::interrupt_service::Nrf52840DefaultPeripherals;
use nrf52840_qspi::Config;
use nrf52840_qspi_components::interrupts::Interrupts;
use nrf52840_qspi_components::pads::FlashPins;
use nrf52840_qspi_components::qspi::{QspiComponent, QspiHw};
use spi_nor::region::Region;
use spi_nor_components::report::{Detail, ReportComponent};
use spi_nor_components::spi_nor::SpiNorComponent;
use spi_nor_components::sweeping_scheduler::{SweepingSchedulerComponent, SweepingSchedulerType};
use spi_nor_components::test_regions;

/// The MX25L3233F's pins.
const FLASH: FlashPins = FlashPins {
    sck: Pin::P0_19,
    csn: Pin::P0_17,
    io: [Pin::P0_20, Pin::P0_21, Pin::P0_22, Pin::P0_23],
};
const QSPI: Config = Config::new(FLASH.for_driver());

/// How long the flash stays powered with nothing to do, in µs.
const IDLE_US: u32 = 100_000;

/// Which app may touch what.
static REGIONS: [Region; test_regions::COUNT] = test_regions::from(0x10_0000);

/// The blue LED at D7.
const LED: Pin = Pin::P1_12;
const RESET_BUTTON: Pin = Pin::P0_18;
const UART_TXD: Pin = Pin::P0_06;
const UART_RXD: Pin = Pin::P0_08;

/// How many apps can run.
const NUM_PROCS: usize = 8;
const FAULT_POLICY: capsules_system::process_policies::StopWithDebugFaultPolicy =
    capsules_system::process_policies::StopWithDebugFaultPolicy {};

type Peripherals = Nrf52840DefaultPeripherals<'static>;
type InterruptsHw =
    Interrupts<nrf52840_qspi::Mmio, cortexm4f::dma_fence::CortexMDmaFence, Peripherals>;
type ChipHw = nrf52840::chip::NRF52<'static, InterruptsHw>;
type AlarmHw = nrf52840::rtc::Rtc<'static>;
/// The one part that is soldered to this board: nothing else is looked for.
type Flash = spi_nor::features::Minimal<spi_nor::fixed_parts::Mx25l3233f>;
type LedHw = LedLow<'static, nrf52840::gpio::GPIOPin<'static>>;
type Printer = capsules_system::process_printer::ProcessPrinterText;
type SchedulerHw =
    SweepingSchedulerType<components::sched::round_robin::RoundRobinComponentType, Flash>;

static PANIC_RESOURCES: SingleThreadValue<PanicResources<ChipHw, Printer>> =
    SingleThreadValue::new();

kernel::stack_size! {0x4000}

struct Platform {
    console: &'static components::console::ConsoleComponentType,
    alarm: &'static components::alarm::AlarmDriverComponentType<AlarmHw>,
    led: &'static components::led::LedsComponentType<LedHw, 1>,
    spi_nor: &'static spi_nor::driver::Driver<'static, Flash>,
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
            capsules_core::led::DRIVER_NUM => f(Some(self.led)),
            spi_nor::driver::DRIVER_NUM => f(Some(self.spi_nor)),
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
    type WatchDog = ();

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

    fn watchdog(&self) -> &() {
        &()
    }
}

/// Sets everything up. Not inlined, so that its stack frame is gone when apps run.
///
/// # Safety
/// To be called once, on an nRF52840, before anything else.
#[inline(never)]
unsafe fn start() -> (&'static Kernel, Platform, &'static ChipHw) {
    ChipHw::init();
    kernel::deferred_call::initialize_deferred_call_state::<<ChipHw as Chip>::ThreadIdProvider>();
    // Nobody has bound it before.
    let _bound =
        PANIC_RESOURCES.bind_to_thread::<<ChipHw as Chip>::ThreadIdProvider>(PanicResources::new());

    let ack_buffer = static_init!(
        [u8; nrf52840::ieee802154_radio::ACK_BUF_SIZE],
        [0; nrf52840::ieee802154_radio::ACK_BUF_SIZE]
    );
    let ecb_buffer = static_init!([u8; 48], [0; 48]);
    // SAFETY: nobody else makes the peripherals' drivers.
    let peripherals = unsafe { Nrf52840DefaultPeripherals::new(ack_buffer, ecb_buffer) };
    let peripherals = static_init!(Peripherals, peripherals);
    peripherals.init();
    let base = &peripherals.nrf52;
    let gpio_port = &peripherals.gpio_port;

    let processes = components::process_array::ProcessArrayComponent::new()
        .finalize(components::process_array_component_static!(NUM_PROCS));
    if let Some(resources) = PANIC_RESOURCES.get() {
        resources.processes.put(processes.as_slice());
    }
    let board_kernel = static_init!(Kernel, Kernel::new(processes.as_slice()));

    nrf52_components::startup::NrfStartupComponent::new(
        false,
        RESET_BUTTON,
        nrf52840::uicr::Regulator0Output::V3_0,
        &base.nvmc,
    )
    .finalize(());
    // Starts the crystal, too, which the flash needs.
    nrf52_components::NrfClockComponent::new(&base.clock).finalize(());

    //----------------------------------------------------------------------------------------
    // Alarms and the console
    //----------------------------------------------------------------------------------------

    let _started = base.rtc.start();
    let mux_alarm = components::alarm::AlarmMuxComponent::new(&base.rtc)
        .finalize(components::alarm_mux_component_static!(AlarmHw));
    let alarm = components::alarm::AlarmDriverComponent::new(
        board_kernel,
        capsules_core::alarm::DRIVER_NUM,
        mux_alarm,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::alarm_component_static!(AlarmHw));

    use nrf52840::pinmux::Pinmux;
    base.uarte0
        .initialize(Pinmux::new(UART_TXD), Pinmux::new(UART_RXD), None, None);
    let uart_mux = components::console::UartMuxComponent::new(&base.uarte0, 115200)
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

    //----------------------------------------------------------------------------------------
    // The flash
    //----------------------------------------------------------------------------------------

    // SAFETY: this is an nRF52840, and nobody else asks for these registers.
    let registers = unsafe { nrf52840_qspi::Mmio::new() };
    // SAFETY: this is a Cortex-M.
    let fence = unsafe { cortexm4f::dma_fence::CortexMDmaFence::new() };
    let qspi = QspiComponent::new(
        registers,
        fence,
        QSPI,
        FLASH,
        gpio_port,
        &base.clock,
        mux_alarm,
    )
    .finalize(nrf52840_qspi_components::qspi_component_static!());
    let spi_nor = SpiNorComponent::<_, _, _, Flash, _>::with_features(
        board_kernel,
        spi_nor::driver::DRIVER_NUM,
        qspi,
        mux_alarm,
        &REGIONS,
        spi_nor::device::Config { idle_us: IDLE_US },
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(spi_nor_components::spi_nor_minimal_component_static!(
        QspiHw,
        AlarmHw,
        Flash,
        REGIONS.len()
    ));
    ReportComponent::new(spi_nor, qspi, Detail::Faults).finalize(
        spi_nor_components::spi_nor_report_component_static!(QspiHw, AlarmHw, Flash),
    );

    let led = components::led::LedsComponent::new().finalize(components::led_component_static!(
        LedHw,
        LedLow::new(&gpio_port[LED]),
    ));

    //----------------------------------------------------------------------------------------
    // The chip, whose interrupts include the QSPI's, and the apps
    //----------------------------------------------------------------------------------------

    let interrupts = static_init!(InterruptsHw, Interrupts::new(qspi, peripherals));
    // SAFETY: the only one.
    let chip = unsafe { nrf52840::chip::NRF52::new(interrupts) };
    let chip = static_init!(ChipHw, chip);
    if let Some(resources) = PANIC_RESOURCES.get() {
        resources.chip.put(chip);
    }

    let round_robin = components::sched::round_robin::RoundRobinComponent::new(processes)
        .finalize(components::round_robin_component_static!(NUM_PROCS));
    let scheduler = SweepingSchedulerComponent::new(round_robin, spi_nor.driver).finalize(
        spi_nor_components::sweeping_scheduler_component_static!(
            components::sched::round_robin::RoundRobinComponentType,
            Flash
        ),
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
    // SAFETY: from here to there is the flash for apps, which nothing writes to.
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
    components::loader::sequential::ProcessLoaderSequentialComponent::new(
        checker,
        board_kernel,
        chip,
        &FAULT_POLICY,
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

    // Without it the board works, too.
    let _console_started = process_console.start();
    debug!("tock-qspi on Particle Boron: set up, entering the main loop");

    let platform = Platform {
        console,
        alarm,
        led,
        spi_nor: spi_nor.driver,
        scheduler,
        systick: cortexm4f::systick::SysTick::new_with_calibration(64_000_000),
    };
    (board_kernel, platform, chip)
}

/// Called when the RAM is initialised.
///
/// # Safety
/// To be called once, by the start code.
#[unsafe(no_mangle)]
pub unsafe fn main() {
    let main_loop = create_capability!(capabilities::MainLoopCapability);
    // SAFETY: this is the start.
    let (board_kernel, platform, chip) = unsafe { start() };
    board_kernel.kernel_loop(&platform, chip, None::<&kernel::ipc::IPC<0>>, &main_loop);
}

/// Says on the UART what happened, and blinks.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let led = nrf52840::gpio::nrf52840_gpio_create_pin(LED);
    let led = &LedLow::new(&led);
    // SAFETY: the kernel does nothing else any more.
    unsafe {
        kernel::debug::panic::<_, nrf52840::uart::Uarte, _, _>(
            &mut [led],
            nrf52840::uart::UartPanicWriterConfig {
                params: uart::Parameters {
                    baud_rate: 115200,
                    stop_bits: uart::StopBits::One,
                    parity: uart::Parity::None,
                    hw_flow_control: false,
                    width: uart::Width::Eight,
                },
                txd: UART_TXD,
                rxd: UART_RXD,
                cts: None,
                rts: None,
            },
            info,
            &cortexm4f::support::nop,
            PANIC_RESOURCES.get(),
        )
    }
}
