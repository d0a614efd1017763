// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the basic table of each dump says, as a decoder written apart from this
//! crate, in another language and from another description of the standard, has it.

/// File, and all fields of its basic table.
pub const BASIC_TABLES: &[(&str, &str)] = &[
    (
        "BY25Q32ES_684016.hex",
        "9 dwords, 4194304 bytes, address 3; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "GD25Q16C_c84015_DERIVED.hex",
        "9 dwords, 2097152 bytes, address 3; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "GD25Q32C_c84016.hex",
        "9 dwords, 4194304 bytes, address 3; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "GD25Q64C_c84017.hex",
        "9 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "IS25WP256_9d7019.hex",
        "16 dwords, 33554432 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 160/1280 ms, 3:d8/65536 304/2432 ms; \
         page 256, 200/1200 us, bytes 8 3 us, chip 60000/360000 ms; \
         suspend program 75/7a 56 us every 448 us, erase 75/7a 56 us every 448 us; \
         power-down b9/ab 15 us; \
         poll WIP; \
         QER 2, QPI 04/0a, 0-4-4 yes c/10; \
         SR1 70, reset 30, 4-byte in a9 out 3e8",
    ),
    (
        "MT25QU256A_20bb19_1044.hex",
        "16 dwords, 33554432 bytes, address 3 or 4, DTR; \
         reads 112:3b+1+7 122:bb+1+7 222:bb+1+7 114:6b+1+7 144:eb+1+9 444:eb+1+9; \
         erase 1:20/4096 48/480 ms, 2:d8/65536 160/1600 ms, 3:52/32768 112/1120 ms; \
         page 256, 120/2880 us, bytes 15 1 us, chip 84000/2016000 ms; \
         suspend program 75/7a 25 us every 64 us, erase 75/7a 25 us every 192 us; \
         power-down b9/ab 30 us; \
         poll FSR; \
         QER 0 hold, QPI 14/0a, 0-4-4 yes 2/03; \
         SR1 01, reset 3d, 4-byte in 36 out 0f6",
    ),
    (
        "MX25L12835F_c22018.hex",
        "16 dwords, 16777216 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 25/150 ms, 2:52/32768 144/864 ms, 3:d8/65536 256/1536 ms; \
         page 256, 384/1536 us, bytes 16 16 us, chip 28000/112000 ms; \
         suspend program b0/30 25 us every 128 us, erase b0/30 25 us every 448 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 2, QPI 04/0a, 0-4-4 yes 9/2f; \
         SR1 61, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "MX25L1606E_c22015.hex",
        "9 dwords, 2097152 bytes, address 3; \
         reads 112:3b+0+8; \
         erase 1:20/4096, 2:d8/65536",
    ),
    (
        "MX25L3233F_c22016.hex",
        "9 dwords, 4194304 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "MX25L3255E_c29e16.hex",
        "9 dwords, 4194304 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "MX25R6435F_c22817.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 52000/312000 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 320 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "MX25R6435F_c22817_variant68_COMPOSED.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 52000/312000 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 448 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "MX25R8035F_c22814.hex",
        "16 dwords, 1048576 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 6144/36864 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 256 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "MX66L1G45G_c2201b.hex",
        "16 dwords, 134217728 bytes, address 3 or 4, DTR; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 30/420 ms, 2:52/32768 160/2240 ms, 3:d8/65536 288/4032 ms; \
         page 256, 256/3072 us, bytes 32 1 us, chip 256000/3072000 ms; \
         suspend program b0/30 25 us every 128 us, erase b0/30 25 us every 448 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 2, QPI 04/0a, 0-4-4 yes 9/27; \
         SR1 70, reset 10, 4-byte in 85 out 3e5",
    ),
    (
        "MX66L51235F_c2201a.hex",
        "9 dwords, 67108864 bytes, address 3 or 4; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "MX66UM51345G_c2813a.hex",
        "20 dwords, 67108864 bytes, address 3 or 4, DTR; \
         reads -; \
         erase 1:20/4096 25/600 ms, 2:d8/65536 256/6144 ms; \
         page 256, 152/4864 us, bytes 1 1 us, chip 192000/6144000 ms; \
         suspend program b0/30 25 us every 192 us, erase b0/30 56 us every 448 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 0, QPI 00/00, 0-4-4 no 0/00; \
         SR1 10, reset 10, 4-byte in 20 out 000",
    ),
    (
        "N25Q064A_20ba17.hex",
        "9 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+1+7 222:bb+1+7 114:6b+1+7 144:eb+1+9 444:eb+1+9; \
         erase 1:20/4096, 2:d8/65536",
    ),
    (
        "N25Q128A_20ba18_DERIVED.hex",
        "9 dwords, 16777216 bytes, address 3; \
         reads 112:3b+0+8 122:bb+1+7 222:bb+1+7 114:6b+1+7 144:eb+1+9 444:eb+1+9; \
         erase 1:20/4096, 2:d8/65536",
    ),
    (
        "SST26VF064B_bf2643.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4 444:0b+2+4; \
         erase 1:20/4096 19/38 ms, 2:d8/8192 19/38 ms, 3:d8/32768 19/38 ms, 4:d8/65536 19/38 ms; \
         page 256, 1024/2048 us, bytes 48 4 us, chip 32/64 ms; \
         suspend program b0/30 25 us every 512 us, erase b0/30 25 us every 512 us; \
         poll WIP; \
         QER 5, QPI 02/09, 0-4-4 yes c/30; \
         SR1 70, reset 30, 4-byte in 80 out 300",
    ),
    (
        "W25Q01JVQ_ef4021.hex",
        "16 dwords, 134217728 bytes, address 3 or 4, DTR; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4 444:eb+2+0; \
         erase 1:20/4096 64/896 ms, 2:52/32768 128/1792 ms, 3:d8/65536 160/2240 ms; \
         page 256, 704/4224 us, bytes 32 3 us, chip 192000/1152000 ms; \
         suspend program 75/7a 20 us every 128 us, erase 75/7a 20 us every 512 us; \
         power-down b9/ab 3 us; \
         poll WIP; \
         QER 4, QPI 11/09, 0-4-4 yes d/3d; \
         SR1 69, reset 30, 4-byte in a5 out 3e5",
    ),
    (
        "W25Q128FV_ef4018.hex",
        "9 dwords, 16777216 bytes, address 3; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4 444:eb+1+1; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "W25Q128JV_ef4018.hex",
        "16 dwords, 16777216 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4 444:eb+2+0; \
         erase 1:20/4096 64/896 ms, 2:52/32768 128/1792 ms, 3:d8/65536 160/2240 ms; \
         page 256, 704/4224 us, bytes 32 3 us, chip 40000/240000 ms; \
         suspend program 75/7a 20 us every 128 us, erase 75/7a 20 us every 512 us; \
         power-down b9/ab 3 us; \
         poll WIP; \
         QER 4, QPI 11/09, 0-4-4 yes d/3d; \
         SR1 69, reset 30, 4-byte in 80 out 3e0",
    ),
    (
        "W25Q256JWM_ef8019.hex",
        "16 dwords, 67108864 bytes, address 3 or 4, DTR; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4 444:eb+2+0; \
         erase 1:20/4096 64/512 ms, 2:52/32768 128/1024 ms, 3:d8/65536 160/1280 ms; \
         page 256, 512/2048 us, bytes 32 3 us, chip 104000/416000 ms; \
         suspend program 75/7a 20 us every 128 us, erase 75/7a 20 us every 512 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 5, QPI 11/09, 0-4-4 yes d/3d; \
         SR1 69, reset 30, 4-byte in a5 out 3e5",
    ),
    (
        "XMC_464016_esp32c3.hex",
        "16 dwords, 4194304 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4 444:eb+2+0; \
         erase 1:20/4096 32/384 ms, 2:52/32768 112/1344 ms, 3:d8/65536 160/1920 ms; \
         page 256, 256/2560 us, bytes 15 3 us, chip 8000/80000 ms; \
         suspend program 75/7a 22 us every 64 us, erase 75/7a 22 us every 512 us; \
         power-down b9/ab 20 us; \
         poll WIP; \
         QER 4, QPI 01/09, 0-4-4 yes d/3d; \
         SR1 69, reset 10, 4-byte in 80 out 300",
    ),
    (
        "ZD25Q128C_ef4018_wrong_size.hex",
        "9 dwords, 2097152 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536, 4:81/256",
    ),
    (
        "zephyr_GD25LB256E3IR_c86719_nrf9161dk_nrf9161_common_0_7_0.tables.hex",
        "16 dwords, 33554432 bytes, address 3 or 4, DTR; \
         reads 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 30/360 ms, 2:52/32768 112/1344 ms, 3:d8/65536 208/2496 ms; \
         page 256, 320/1920 us, bytes 32 3 us, chip 52000/312000 ms; \
         suspend program 75/7a 20 us every 64 us, erase 75/7a 20 us every 64 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 7, QPI 02/09, 0-4-4 yes 4/01; \
         SR1 08, reset 10, 4-byte in 01 out 001",
    ),
    (
        "zephyr_GD25LE255E_c86019_p2d.tables.hex",
        "16 dwords, 33554432 bytes, address 3 or 4; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4 444:eb+2+2; \
         erase 1:20/4096 30/300 ms, 2:52/32768 112/1120 ms, 3:d8/65536 160/1600 ms; \
         page 256, 256/2560 us, bytes 32 3 us, chip 64000/640000 ms; \
         suspend program 75/7a 20 us every 128 us, erase 75/7a 20 us every 128 us; \
         power-down b9/ab 20 us; \
         poll WIP; \
         QER 1, QPI 01/09, 0-4-4 yes 4/01; \
         SR1 08, reset 10, 4-byte in 01 out 001",
    ),
    (
        "zephyr_GD25WB256E3IR_c86519_nrf9131ek_nrf9131_common.tables.hex",
        "16 dwords, 33554432 bytes, address 3 or 4; \
         reads 112:3b+0+8 122:bb+2+2 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 80/800 ms, 2:52/32768 256/2560 ms, 3:d8/65536 304/3040 ms; \
         page 256, 512/4096 us, bytes 80 5 us, chip 192000/1536000 ms; \
         suspend program 75/7a 40 us every 128 us, erase 75/7a 40 us every 128 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 7, QPI 00/00, 0-4-4 yes 4/01; \
         SR1 08, reset 10, 4-byte in 01 out 001",
    ),
    (
        "zephyr_M95P32_200016_x_nucleo_pgeez1.tables.hex",
        "20 dwords, 4194304 bytes, address 3; \
         reads 112:3b+0+8 114:6b+0+8; \
         erase 1:db/512 1/10 ms, 2:20/4096 2/20 ms, 3:d8/65536 4/40 ms; \
         page 512, 1280/2560 us, bytes 96 2 us, chip 16/32 ms; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 0, QPI 00/00, 0-4-4 no 0/00; \
         SR1 11, reset 10, 4-byte in 00 out 000",
    ),
    (
        "zephyr_MX25L12833F_666620_arduino_portenta_h7_common.tables.hex",
        "16 dwords, 16777216 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 25/150 ms, 2:52/32768 144/864 ms, 3:d8/65536 256/1536 ms; \
         page 256, 384/1536 us, bytes 16 16 us, chip 28000/112000 ms; \
         suspend program b0/30 25 us every 128 us, erase b0/30 25 us every 448 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 2, QPI 04/0a, 0-4-4 yes 9/2f; \
         SR1 61, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "zephyr_MX25L3233F_c22016_mesh_feather.tables.hex",
        "9 dwords, 4194304 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "zephyr_MX25R6435F_c22817_bl5340_dvk_nrf5340_cpuapp_common.tables.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 52000/312000 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 448 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "zephyr_MX25R6435F_c22817_nrf54l_10_15_cpuapp_common.tables.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 52000/312000 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 320 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "zephyr_MX25R8035F_c22814_sltb004a.tables.hex",
        "16 dwords, 1048576 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 6144/36864 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 256 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "zephyr_MX25U16_c22535_adp_xc7k_ae350_common.tables.hex",
        "9 dwords, 2097152 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "zephyr_MX25U25645G_c22539_nrf7120_7120e_cpuapp_common.tables.hex",
        "16 dwords, 33554432 bytes, address 3 or 4, DTR; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 25/400 ms, 2:52/32768 160/2560 ms, 3:d8/65536 224/3584 ms; \
         page 256, 152/912 us, bytes 32 1 us, chip 76000/456000 ms; \
         suspend program b0/30 25 us every 128 us, erase b0/30 25 us every 448 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 2, QPI 04/0a, 0-4-4 yes 9/27; \
         SR1 70, reset 10, 4-byte in 85 out 3e5",
    ),
    (
        "zephyr_MX25U6432F_c22537_apard32690_max32690_m4.tables.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096 30/240 ms, 2:52/32768 160/1280 ms, 3:d8/65536 304/2432 ms; \
         page 256, 448/3584 us, bytes 24 1 us, chip 20000/160000 ms; \
         suspend program b0/30 25 us every 128 us, erase b0/30 25 us every 128 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 2, QPI 04/0a, 0-4-4 yes 9/27; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
    (
        "zephyr_MX25UW6345G_c28437_nrf54h20dk_nrf54h20_common.tables.hex",
        "20 dwords, 8388608 bytes, address 3 or 4, DTR; \
         reads -; \
         erase 1:20/4096 25/400 ms, 2:d8/65536 256/4096 ms; \
         page 256, 152/1520 us, bytes 1 1 us, chip 20000/200000 ms; \
         suspend program b0/30 25 us every 192 us, erase b0/30 56 us every 448 us; \
         power-down b9/ab 30 us; \
         poll WIP; \
         QER 0, QPI 00/00, 0-4-4 no 0/00; \
         SR1 10, reset 10, 4-byte in 20 out 000",
    ),
    (
        "zephyr_P25Q16H_856015_wio_tracker_l1.tables.hex",
        "9 dwords, 16777216 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536, 4:81/256",
    ),
    (
        "zephyr_P25Q16H_856015_xiao_ble_common.tables.hex",
        "9 dwords, 2097152 bytes, address 3; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536, 4:81/256",
    ),
    (
        "zephyr_PY25Q128HA_852018_nrf54lm20b_cpuapp_common.tables.hex",
        "9 dwords, 16777216 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "zephyr_PY25Q64HA_852017_nrf54lm20a_cpuapp_common.tables.hex",
        "9 dwords, 8388608 bytes, address 3, DTR; \
         reads 112:3b+0+8 122:bb+4+0 114:6b+0+8 144:eb+2+4 444:eb+2+4; \
         erase 1:20/4096, 2:52/32768, 3:d8/65536",
    ),
    (
        "zephyr_W25Q64_ef4017_frdm_mcxe247.tables.hex",
        "16 dwords, 8388608 bytes, address 3; \
         reads 112:3b+0+8 122:bb+0+4 114:6b+0+8 144:eb+2+4; \
         erase 1:20/4096 48/384 ms, 2:52/32768 240/1920 ms, 3:d8/65536 480/3840 ms; \
         page 256, 896/5376 us, bytes 32 1 us, chip 52000/312000 ms; \
         suspend program b0/30 40 us every 128 us, erase b0/30 40 us every 448 us; \
         power-down b9/ab 40 us; \
         poll WIP; \
         QER 2, QPI 00/00, 0-4-4 yes 9/2f; \
         SR1 70, reset 10, 4-byte in ff out 3ff",
    ),
];

/// What the driver makes of each part, from what is known of it: size in KiB, address
/// bytes, quad enable bit, four-line program, busy register, deep power-down with its
/// exit delay in µs, 66h/99h reset, volatile status register, warnings.
pub const PARTS: &[(&str, &str)] = &[
    (
        "BY25Q32ES_684016.hex",
        "4096 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "GD25Q16C_c84015_DERIVED.hex",
        "2048 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "GD25Q32C_c84016.hex",
        "4096 KiB, 3, quad s2b1 own, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "GD25Q64C_c84017.hex",
        "8192 KiB, 3, quad s2b1 own, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    // 32 MiB, yet "3 address bytes only".
    (
        "IS25WP256_9d7019.hex",
        "32768 KiB, 4 mode, quad s1b6, program 32 1-1-4, WIP, down b9/ab 15, reset yes, \
         ThreeByteClaimIgnored",
    ),
    (
        "MT25QU256A_20bb19_1044.hex",
        "32768 KiB, 4 opcodes, quad always, program 34 1-1-4, FSR, down b9/ab 30, reset yes",
    ),
    (
        "MX25L12835F_c22018.hex",
        "16384 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 30, reset yes",
    ),
    // No four lines at all.
    (
        "MX25L1606E_c22015.hex",
        "2048 KiB, 3, quad s1b6, program -, WIP, down b9/ab 100, reset -, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "MX25L3233F_c22016.hex",
        "4096 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "MX25L3255E_c29e16.hex",
        "4096 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "MX25R6435F_c22817.hex",
        "8192 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 40, reset yes, \
         TimesOfOtherPowerMode",
    ),
    (
        "MX25R6435F_c22817_variant68_COMPOSED.hex",
        "8192 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 40, reset yes, \
         TimesOfOtherPowerMode",
    ),
    (
        "MX25R8035F_c22814.hex",
        "1024 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 40, reset yes, \
         TimesOfOtherPowerMode",
    ),
    (
        "MX66L1G45G_c2201b.hex",
        "131072 KiB, 4 opcodes, quad s1b6, program 3e 1-4-4, WIP, down b9/ab 30, reset yes",
    ),
    // Nine dwords and 64 MiB: B7h is Macronix' habit.
    (
        "MX66L51235F_c2201a.hex",
        "65536 KiB, 4 mode, quad s1b6, program 38 1-4-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    // Eight lines or one.
    (
        "MX66UM51345G_c2813a.hex",
        "65536 KiB, 4 opcodes, quad always, program -, WIP, down b9/ab 30, reset yes",
    ),
    (
        "N25Q064A_20ba17.hex",
        "8192 KiB, 3, quad always, program 32 1-1-4, FSR, down -, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "N25Q128A_20ba18_DERIVED.hex",
        "16384 KiB, 3, quad always, program 32 1-1-4, FSR, down -, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "SST26VF064B_bf2643.hex",
        "8192 KiB, 3, quad s2b1 long, program 32 1-4-4, WIP, down -, reset yes",
    ),
    (
        "W25Q01JVQ_ef4021.hex",
        "131072 KiB, 4 opcodes, quad s2b1 long, program 34 1-1-4, WIP, down b9/ab 3, reset yes, \
         volatile",
    ),
    (
        "W25Q128FV_ef4018.hex",
        "16384 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "W25Q128JV_ef4018.hex",
        "16384 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 3, reset yes, volatile",
    ),
    // The dump names no id, so the table is all there is.
    (
        "W25Q256JWM_ef8019.hex",
        "65536 KiB, 4 opcodes, quad s2b1 long, program 34 1-1-4, WIP, down b9/ab 30, reset yes, \
         volatile",
    ),
    (
        "XMC_464016_esp32c3.hex",
        "4096 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 20, reset yes, volatile",
    ),
    // 16 MiB by its id, 2 MiB by its table.
    (
        "ZD25Q128C_ef4018_wrong_size.hex",
        "2048 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         SizeDiffersFromId(16777216), PageSizeAssumed, TimesAssumed",
    ),
    // Quad enable code 7, which is reserved.
    (
        "zephyr_GD25LB256E3IR_c86719_nrf9161dk_nrf9161_common_0_7_0.tables.hex",
        "32768 KiB, 4 mode, quad unknown, program -, WIP, down b9/ab 30, reset yes, volatile, \
         ReservedQuadEnable, QuadEnableUnknown",
    ),
    (
        "zephyr_GD25LE255E_c86019_p2d.tables.hex",
        "32768 KiB, 4 mode, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 20, reset yes, \
         volatile",
    ),
    (
        "zephyr_GD25WB256E3IR_c86519_nrf9131ek_nrf9131_common.tables.hex",
        "32768 KiB, 4 mode, quad unknown, program -, WIP, down b9/ab 40, reset yes, volatile, \
         ReservedQuadEnable, QuadEnableUnknown",
    ),
    // Page of 512 bytes, which can be erased by itself.
    (
        "zephyr_M95P32_200016_x_nucleo_pgeez1.tables.hex",
        "4096 KiB, 3, quad always, program -, WIP, down b9/ab 30, reset yes",
    ),
    // The id is none of Macronix'.
    (
        "zephyr_MX25L12833F_666620_arduino_portenta_h7_common.tables.hex",
        "16384 KiB, 3, quad s1b6, program -, WIP, down b9/ab 30, reset yes, IdNotUnderstood",
    ),
    (
        "zephyr_MX25L3233F_c22016_mesh_feather.tables.hex",
        "4096 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "zephyr_MX25R6435F_c22817_bl5340_dvk_nrf5340_cpuapp_common.tables.hex",
        "8192 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 40, reset yes, \
         TimesOfOtherPowerMode",
    ),
    (
        "zephyr_MX25R6435F_c22817_nrf54l_10_15_cpuapp_common.tables.hex",
        "8192 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 40, reset yes, \
         TimesOfOtherPowerMode",
    ),
    (
        "zephyr_MX25R8035F_c22814_sltb004a.tables.hex",
        "1024 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 40, reset yes, \
         TimesOfOtherPowerMode",
    ),
    (
        "zephyr_MX25U16_c22535_adp_xc7k_ae350_common.tables.hex",
        "2048 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "zephyr_MX25U25645G_c22539_nrf7120_7120e_cpuapp_common.tables.hex",
        "32768 KiB, 4 opcodes, quad s1b6, program 3e 1-4-4, WIP, down b9/ab 30, reset yes",
    ),
    (
        "zephyr_MX25U6432F_c22537_apard32690_max32690_m4.tables.hex",
        "8192 KiB, 3, quad s1b6, program 38 1-4-4, WIP, down b9/ab 30, reset yes",
    ),
    // 8 MiB that claim 4-byte addressing.
    (
        "zephyr_MX25UW6345G_c28437_nrf54h20dk_nrf54h20_common.tables.hex",
        "8192 KiB, 3, quad always, program -, WIP, down b9/ab 30, reset yes, FourByteClaimIgnored",
    ),
    // 2 MiB by its id and its name, 16 MiB by the board file's table.
    (
        "zephyr_P25Q16H_856015_wio_tracker_l1.tables.hex",
        "2048 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         SizeDiffersFromId(2097152), PageSizeAssumed, TimesAssumed",
    ),
    (
        "zephyr_P25Q16H_856015_xiao_ble_common.tables.hex",
        "2048 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "zephyr_PY25Q128HA_852018_nrf54lm20b_cpuapp_common.tables.hex",
        "16384 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    (
        "zephyr_PY25Q64HA_852017_nrf54lm20a_cpuapp_common.tables.hex",
        "8192 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 100, reset yes, \
         PageSizeAssumed, TimesAssumed",
    ),
    // The table is the MX25R6435F's: its quad enable bit is none of Winbond's.
    (
        "zephyr_W25Q64_ef4017_frdm_mcxe247.tables.hex",
        "8192 KiB, 3, quad s2b1 long, program 32 1-1-4, WIP, down b9/ab 40, reset yes, \
         QuadEnableDiffersFromMaker",
    ),
];
