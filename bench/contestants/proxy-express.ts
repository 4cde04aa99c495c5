import express from 'express';
import { MOUNT } from './environment.ts';
import { listen } from './listen.ts';
import { proxy } from './proxy.ts';

listen(express().use(MOUNT, proxy));
