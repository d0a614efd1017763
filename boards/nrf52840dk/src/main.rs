// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock for Nordic's nRF52840 development kit, with the MX25R6435F on the QSPI peripheral.
//!
//! The drivers are those of upstream's board of that name, with these differences:
//!
//! - The flash's pins belong to the QSPI peripheral. Upstream's board has an SPI controller on
//!   some of them, which is not there here, and neither is its system-call driver.
//! - Apps have the flash at 0x50005, isolated storage in it at 0x50004, and a key-value store in
//!   it at 0x50003.
//! - An app's id is made of its name, so that regions and storage belong to it for good.
//! - An app that faults is stopped, and takes nobody with it.
//! - BLE, IEEE 802.15.4, I2C and the analog comparator are left out.

#![no_std]
#![no_main]

#[cfg(feature = "kernel_clients")]
mod kernel_clients;

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
use spi_nor_components::flash::{SpiNorFlash, SpiNorFlashComponent};
use spi_nor_components::isolated_storage::{IsolatedStorage, IsolatedStorageComponent};
use spi_nor_components::report::{Detail, ReportComponent};
use spi_nor_components::spi_nor::SpiNorComponent;
use spi_nor_components::storage::SpiNorStorageComponent;
use spi_nor_components::sweeping_scheduler::{SweepingSchedulerComponent, SweepingSchedulerType};
use spi_nor_components::test_regions;

/// The MX25R6435F's pins.
const FLASH: FlashPins = FlashPins {
    sck: Pin::P0_19,
    csn: Pin::P0_17,
    io: [Pin::P0_20, Pin::P0_21, Pin::P0_22, Pin::P0_23],
};
const QSPI: Config = Config::new(FLASH.for_driver());

/// How long the flash stays powered with nothing to do, in µs.
const IDLE_US: u32 = 100_000;

// The flash's 8 MiB: first the key-value store, then isolated storage, then regions.
const KV_START: u32 = 0;
const KV_LENGTH: u32 = 128 * 1024;
const ISOLATED_START: u32 = 0x4_0000;
const ISOLATED_LENGTH: u32 = 1024 * 1024;
/// What an app gets of the isolated storage, in bytes.
const ISOLATED_SHARE: usize = 4096;
static REGIONS: [Region; test_regions::COUNT] = test_regions::from(0x20_0000);
#[cfg(feature = "kernel_clients")]
const KERNEL_START: u32 = 0x40_0000;
#[cfg(feature = "kernel_clients")]
const KERNEL_LENGTH: u32 = 0x1_0000;

const LEDS: [Pin; 4] = [Pin::P0_13, Pin::P0_14, Pin::P0_15, Pin::P0_16];
const BUTTONS: [Pin; 4] = [Pin::P0_11, Pin::P0_12, Pin::P0_24, Pin::P0_25];
const RESET_BUTTON: Pin = Pin::P0_18;
const UART_RTS: Option<Pin> = Some(Pin::P0_05);
const UART_TXD: Pin = Pin::P0_06;
const UART_CTS: Option<Pin> = Some(Pin::P0_07);
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
type GpioHw = nrf52840::gpio::GPIOPin<'static>;
type LedHw = LedLow<'static, GpioHw>;
type Printer = capsules_system::process_printer::ProcessPrinterText;
type SchedulerHw = SweepingSchedulerType<components::sched::round_robin::RoundRobinComponentType>;

// The key-value store.
const KV_PAGE: usize = spi_nor::flash::PAGE_SIZE;
type Siphasher = components::siphash::Siphasher24ComponentType;
type TicKv = components::tickv::TicKVDedicatedFlashComponentType<SpiNorFlash, Siphasher, KV_PAGE>;
type KvStore =
    components::kv::TicKVKVStoreComponentType<TicKv, capsules_extra::tickv::TicKVKeyType>;
type KvPermissions = components::kv::KVStorePermissionsComponentType<KvStore>;
type KvDriver = components::kv::KVDriverComponentType<
    components::kv::VirtualKVPermissionsComponentType<KvPermissions>,
>;

static PANIC_RESOURCES: SingleThreadValue<PanicResources<ChipHw, Printer>> =
    SingleThreadValue::new();

kernel::stack_size! {0x4000}

struct Platform {
    console: &'static components::console::ConsoleComponentType,
    alarm: &'static components::alarm::AlarmDriverComponentType<AlarmHw>,
    gpio: &'static components::gpio::GpioComponentType<GpioHw>,
    led: &'static components::led::LedsComponentType<LedHw, 4>,
    button: &'static components::button::ButtonComponentType<GpioHw>,
    rng: &'static components::rng::RngComponentType<nrf52840::trng::Trng<'static>>,
    temperature: &'static components::temperature::TemperatureComponentType<
        nrf52840::temperature::Temp<'static>,
    >,
    adc: &'static components::adc::AdcDedicatedComponentType<nrf52840::adc::Adc<'static>>,
    ipc: kernel::ipc::IPC<{ NUM_PROCS as u8 }>,
    spi_nor: &'static spi_nor::driver::Driver<'static>,
    isolated_storage: &'static IsolatedStorage<ISOLATED_SHARE>,
    kv: &'static KvDriver,
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
            capsules_core::gpio::DRIVER_NUM => f(Some(self.gpio)),
            capsules_core::led::DRIVER_NUM => f(Some(self.led)),
            capsules_core::button::DRIVER_NUM => f(Some(self.button)),
            capsules_core::rng::DRIVER_NUM => f(Some(self.rng)),
            capsules_extra::temperature::DRIVER_NUM => f(Some(self.temperature)),
            capsules_core::adc::DRIVER_NUM => f(Some(self.adc)),
            kernel::ipc::DRIVER_NUM => f(Some(&self.ipc)),
            spi_nor::driver::DRIVER_NUM => f(Some(self.spi_nor)),
            capsules_extra::isolated_nonvolatile_storage_driver::DRIVER_NUM => {
                f(Some(self.isolated_storage))
            }
            capsules_extra::kv_driver::DRIVER_NUM => f(Some(self.kv)),
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
        nrf52840::uicr::Regulator0Output::DEFAULT,
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
    base.uarte0.initialize(
        Pinmux::new(UART_TXD),
        Pinmux::new(UART_RXD),
        UART_CTS.map(Pinmux::new),
        UART_RTS.map(Pinmux::new),
    );
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
    let spi_nor = SpiNorComponent::new(
        board_kernel,
        spi_nor::driver::DRIVER_NUM,
        qspi,
        mux_alarm,
        &REGIONS,
        spi_nor::device::Config { idle_us: IDLE_US },
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(spi_nor_components::spi_nor_component_static!(
        QspiHw,
        AlarmHw,
        REGIONS.len()
    ));
    ReportComponent::new(spi_nor, qspi, Detail::Faults).finalize(
        spi_nor_components::spi_nor_report_component_static!(QspiHw, AlarmHw),
    );

    //----------------------------------------------------------------------------------------
    // Upstream's users of the flash
    //----------------------------------------------------------------------------------------

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

    let kv_flash = SpiNorFlashComponent::new(spi_nor.device, KV_START, KV_LENGTH)
        .finalize(spi_nor_components::spi_nor_flash_component_static!());
    let kv_page = static_init!(spi_nor::flash::Page, spi_nor::flash::Page::default());
    let siphasher = components::siphash::Siphasher24Component::new()
        .finalize(components::siphasher24_component_static!());
    let tickv = components::tickv::TicKVDedicatedFlashComponent::new(
        siphasher,
        kv_flash,
        0,
        KV_LENGTH as usize,
        kv_page,
    )
    .finalize(components::tickv_dedicated_flash_component_static!(
        SpiNorFlash,
        Siphasher,
        KV_PAGE,
    ));
    let kv_store = components::kv::TicKVKVStoreComponent::new(tickv).finalize(
        components::tickv_kv_store_component_static!(TicKv, capsules_extra::tickv::TicKVKeyType),
    );
    let kv_permissions = components::kv::KVStorePermissionsComponent::new(kv_store)
        .finalize(components::kv_store_permissions_component_static!(KvStore));
    let mux_kv = components::kv::KVPermissionsMuxComponent::new(kv_permissions).finalize(
        components::kv_permissions_mux_component_static!(KvPermissions),
    );
    let virtual_kv = components::kv::VirtualKVPermissionsComponent::new(mux_kv).finalize(
        components::virtual_kv_permissions_component_static!(KvPermissions),
    );
    let kv = components::kv::KVDriverComponent::new(
        virtual_kv,
        board_kernel,
        capsules_extra::kv_driver::DRIVER_NUM,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::kv_driver_component_static!(
        components::kv::VirtualKVPermissionsComponentType<KvPermissions>
    ));

    #[cfg(feature = "kernel_clients")]
    {
        use kernel_clients::KernelClient;
        use spi_nor::kernel_face::SpiNor;
        use spi_nor::maintenance::Maintenance;

        kernel::create_typed_capability!(may_look, MayLook:
            spi_nor_capabilities::SecurityAreaCapability
        );
        let region = spi_nor_components::region::SpiNorRegionComponent::new(
            spi_nor.device,
            KERNEL_START,
            KERNEL_LENGTH,
            spi_nor::region::Access::ReadWrite,
        )
        .finalize(spi_nor_components::spi_nor_region_component_static!());
        let maintenance = static_init!(Maintenance<'static>, Maintenance::new(spi_nor.device));
        spi_nor.device.add_client(static_init!(
            spi_nor::client::Seat<'static>,
            spi_nor::client::Seat::new(maintenance)
        ));
        let id = static_init!(
            [u8; spi_nor::otp::UNIQUE_ID_BYTES],
            [0; spi_nor::otp::UNIQUE_ID_BYTES]
        );
        let client = static_init!(
            KernelClient<MayLook>,
            KernelClient::new(region, maintenance, id, may_look)
        );
        region.set_client(client);
        maintenance.set_client(client);
        client.start(static_init!([u8; 512], [0; 512]));
    }

    //----------------------------------------------------------------------------------------
    // The rest of the board
    //----------------------------------------------------------------------------------------

    let gpio = components::gpio::GpioComponent::new(
        board_kernel,
        capsules_core::gpio::DRIVER_NUM,
        components::gpio_component_helper!(
            GpioHw,
            0 => &gpio_port[Pin::P1_01],
            1 => &gpio_port[Pin::P1_02],
            2 => &gpio_port[Pin::P1_03],
            3 => &gpio_port[Pin::P1_04],
            4 => &gpio_port[Pin::P1_05],
            5 => &gpio_port[Pin::P1_06],
            6 => &gpio_port[Pin::P1_07],
            7 => &gpio_port[Pin::P1_08],
            10 => &gpio_port[Pin::P1_12],
            11 => &gpio_port[Pin::P1_13],
            12 => &gpio_port[Pin::P1_14],
            13 => &gpio_port[Pin::P1_15],
        ),
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::gpio_component_static!(GpioHw));
    let led = components::led::LedsComponent::new().finalize(components::led_component_static!(
        LedHw,
        LedLow::new(&gpio_port[LEDS[0]]),
        LedLow::new(&gpio_port[LEDS[1]]),
        LedLow::new(&gpio_port[LEDS[2]]),
        LedLow::new(&gpio_port[LEDS[3]]),
    ));
    let active_low = kernel::hil::gpio::ActivationMode::ActiveLow;
    let pull_up = kernel::hil::gpio::FloatingState::PullUp;
    let button = components::button::ButtonComponent::new(
        board_kernel,
        capsules_core::button::DRIVER_NUM,
        components::button_component_helper!(
            GpioHw,
            (&gpio_port[BUTTONS[0]], active_low, pull_up),
            (&gpio_port[BUTTONS[1]], active_low, pull_up),
            (&gpio_port[BUTTONS[2]], active_low, pull_up),
            (&gpio_port[BUTTONS[3]], active_low, pull_up)
        ),
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::button_component_static!(GpioHw));
    let rng = components::rng::RngComponent::new(
        board_kernel,
        capsules_core::rng::DRIVER_NUM,
        &base.trng,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::rng_component_static!(
        nrf52840::trng::Trng<'static>
    ));
    let temperature = components::temperature::TemperatureComponent::new(
        board_kernel,
        capsules_extra::temperature::DRIVER_NUM,
        &base.temp,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::temperature_component_static!(
        nrf52840::temperature::Temp<'static>
    ));
    use nrf52840::adc::{AdcChannel, AdcChannelSetup};
    let adc_channels = static_init!(
        [AdcChannelSetup; 6],
        [
            AdcChannelSetup::new(AdcChannel::AnalogInput1),
            AdcChannelSetup::new(AdcChannel::AnalogInput2),
            AdcChannelSetup::new(AdcChannel::AnalogInput4),
            AdcChannelSetup::new(AdcChannel::AnalogInput5),
            AdcChannelSetup::new(AdcChannel::AnalogInput6),
            AdcChannelSetup::new(AdcChannel::AnalogInput7),
        ]
    );
    let adc = components::adc::AdcDedicatedComponent::new(
        &base.adc,
        adc_channels,
        board_kernel,
        capsules_core::adc::DRIVER_NUM,
        create_capability!(capabilities::MemoryAllocationCapability),
    )
    .finalize(components::adc_dedicated_component_static!(
        nrf52840::adc::Adc<'static>
    ));
    base.adc.calibrate();

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
            components::sched::round_robin::RoundRobinComponentType
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
    debug!("tock-qspi on nRF52840DK: set up, entering the main loop");

    let platform = Platform {
        console,
        alarm,
        gpio,
        led,
        button,
        rng,
        temperature,
        adc,
        ipc: kernel::ipc::IPC::new(
            board_kernel,
            kernel::ipc::DRIVER_NUM,
            &create_capability!(capabilities::MemoryAllocationCapability),
        ),
        spi_nor: spi_nor.driver,
        isolated_storage,
        kv,
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
    board_kernel.kernel_loop(&platform, chip, Some(&platform.ipc), &main_loop);
}

/// Says on the UART what happened, and blinks.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let led = nrf52840::gpio::nrf52840_gpio_create_pin(LEDS[0]);
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
                cts: UART_CTS,
                rts: UART_RTS,
            },
            info,
            &cortexm4f::support::nop,
            PANIC_RESOURCES.get(),
        )
    }
}
